//! Where blobs are kept: a folder of the shop's own, or a bucket that all its processes share.

use std::path::Path;

use anyhow::{Context, ensure};
use platform::blobs::{BlobPlace, S3Credentials};
use serde::{Deserialize, Serialize};

use super::Secret;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlobSettings {
    /// `file:folder`, `file:///folder` or `s3://bucket/prefix`; `blobs` below the data directory if missing. Command API,
    /// workers and query API need the same place.
    pub url: Option<String>,
    /// Of a server that speaks S3 and isn't Amazon's: `https://host:port`. One that begins with `http://` is spoken to
    /// without TLS.
    pub endpoint: Option<String>,
    pub region: Option<String>,
    /// Both, or neither: then the environment (`AWS_…`) or the machine's role has them.
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<Secret>,
}

impl BlobSettings {
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.access_key_id.is_some() == self.secret_access_key.is_some(),
            "blobs.access_key_id and blobs.secret_access_key go together"
        );
        super::check_http("blobs.endpoint", self.endpoint.as_deref())?;
        let place = self.place(Path::new(""))?;
        let of_buckets = [
            self.endpoint.is_some(),
            self.region.is_some(),
            self.access_key_id.is_some(),
        ];
        ensure!(
            matches!(place, BlobPlace::S3(_)) || !of_buckets.contains(&true),
            "blobs.endpoint, region and access_key_id are for s3:// in blobs.url"
        );
        Ok(())
    }

    /// The place, with a folder `blobs` in this data directory by default.
    pub fn place(&self, data_dir: &Path) -> anyhow::Result<BlobPlace> {
        let Some(url) = &self.url else {
            return Ok(BlobPlace::Folder(data_dir.join("blobs")));
        };
        let mut place = BlobPlace::parse(url).context("blobs.url is wrong")?;
        if let BlobPlace::S3(bucket) = &mut place {
            bucket.endpoint.clone_from(&self.endpoint);
            bucket.region.clone_from(&self.region);
            let key = self.access_key_id.clone().zip(self.secret_access_key.as_ref());
            bucket.credentials = key.map(|(access_key_id, secret)| S3Credentials {
                access_key_id,
                secret_access_key: secret.reveal().to_owned(),
            });
        }
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(toml: &str) -> BlobSettings {
        toml::from_str(toml).unwrap()
    }

    fn refused(toml: &str) -> String {
        format!("{:#}", settings(toml).check().unwrap_err())
    }

    #[test]
    fn blobs_lie_in_the_data_directory_unless_told() {
        let place = settings("").place(Path::new("/srv/shop")).unwrap();
        assert_eq!(place, BlobPlace::Folder("/srv/shop/blobs".into()));
        let place = settings("url = 'file:///srv/blobs'").place(Path::new("/srv/shop"));
        assert_eq!(place.unwrap(), BlobPlace::Folder("/srv/blobs".into()));
    }

    #[test]
    fn a_bucket_has_its_server_and_its_key() {
        let bucket = settings(
            "url = 's3://shop/images'\nendpoint = 'https://s3.example'\nregion = 'eu'\naccess_key_id = 'us'\nsecret_access_key = 'hush'",
        );
        bucket.check().unwrap();
        let BlobPlace::S3(place) = bucket.place(Path::new("")).unwrap() else {
            panic!("it is a bucket");
        };
        assert_eq!((place.name.as_str(), place.prefix.as_str()), ("shop", "images"));
        assert_eq!(place.endpoint.as_deref(), Some("https://s3.example"));
        assert_eq!(place.credentials.unwrap().secret_access_key, "hush");
        assert!(!format!("{bucket:?}{}", toml::to_string(&bucket).unwrap()).contains("hush"));
    }

    #[test]
    fn a_wrong_place_is_told() {
        assert!(refused("url = 'ftp://shop'").contains("blobs.url"));
        assert!(refused("url = 's3://shop'\naccess_key_id = 'us'").contains("blobs.secret_access_key"));
        assert!(refused("url = 's3://shop'\nendpoint = 's3.example'").contains("blobs.endpoint"));
        assert!(refused("region = 'eu'").contains("blobs.url"));
    }
}
