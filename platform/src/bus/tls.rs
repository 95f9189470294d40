//! Whom we trust on the way to NATS, and what we show it.
//!
//! Built here rather than by the driver: it would take the process's default cipher provider, of which a program with
//! several TLS users has none.

use std::path::Path;
use std::sync::Arc;

use async_nats::rustls::crypto::ring;
use async_nats::rustls::pki_types::pem::PemObject;
use async_nats::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use async_nats::rustls::{ClientConfig, RootCertStore};

use super::{BusError, BusTls};

/// Reads the files that `tls` names. Fails with [`BusError::File`] on one that isn't there or holds something else.
pub(super) fn client_config(tls: Option<&BusTls>) -> Result<ClientConfig, BusError> {
    let roots = match tls.and_then(|tls| tls.ca_file.as_deref()) {
        Some(path) => roots_in(path)?,
        None => system_roots(),
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| BusError::Tls {
            reason: error.to_string(),
        })?
        .with_root_certificates(roots);
    let Some(client) = tls.and_then(|tls| tls.client.as_ref()) else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates_in(&client.certificate_file)?;
    let key = PrivateKeyDer::from_pem_file(&client.key_file)
        .map_err(|error| BusError::file(&client.key_file, &error))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| BusError::Tls {
            reason: error.to_string(),
        })
}

fn roots_in(path: &Path) -> Result<RootCertStore, BusError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates_in(path)? {
        roots
            .add(certificate)
            .map_err(|error| BusError::file(path, &error))?;
    }
    Ok(roots)
}

fn certificates_in(path: &Path) -> Result<Vec<CertificateDer<'static>>, BusError> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| BusError::file(path, &error))?;
    if certificates.is_empty() {
        return Err(BusError::file(path, &"there is no PEM certificate in it"));
    }
    Ok(certificates)
}

/// What this machine trusts. Nothing, if it has no list: a server with TLS is then refused.
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}
