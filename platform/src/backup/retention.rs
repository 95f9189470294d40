//! Which copies are kept: the newest ones, then one an hour, then one a day. Deleting is the copier's.

use std::collections::BTreeSet;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::ManifestName;

/// How many copies are kept. The newest is always kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The newest ones.
    pub recent: u32,
    /// The last one of each of as many hours.
    pub hourly: u32,
    /// The last one of each of as many days (UTC).
    pub daily: u32,
}

impl Retention {
    /// The copies that may go.
    pub(super) fn superfluous<'a>(&self, copies: &'a [ManifestName]) -> Vec<&'a ManifestName> {
        let mut newest_first: Vec<_> = copies.iter().collect();
        newest_first.sort_unstable_by(|a, b| b.cmp(a));
        let mut kept: BTreeSet<&ManifestName> = newest_first
            .iter()
            .copied()
            .take(self.recent.max(1) as usize)
            .collect();
        for (span, count) in [
            (TimeDelta::hours(1), self.hourly),
            (TimeDelta::days(1), self.daily),
        ] {
            kept.extend(last_of_each(&newest_first, span, count));
        }
        newest_first.retain(|copy| !kept.contains(copy));
        newest_first
    }
}

fn last_of_each<'a>(newest_first: &[&'a ManifestName], span: TimeDelta, count: u32) -> Vec<&'a ManifestName> {
    let begin = |copy: &ManifestName| -> Option<DateTime<Utc>> { copy.taken_at.duration_trunc(span).ok() };
    let mut spans = BTreeSet::new();
    newest_first
        .iter()
        .copied()
        .filter(|copy| spans.insert(begin(copy)))
        .take(count as usize)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Manifest;
    use super::*;

    fn copy(minute: i64) -> ManifestName {
        let manifest = Manifest {
            format: 1,
            identity: String::new(),
            taken_at: DateTime::UNIX_EPOCH + TimeDelta::minutes(minute),
            position: 1,
            databases: vec![],
            files: vec![],
            blobs: super::super::BlobsCopy::default(),
        };
        ManifestName::of(&manifest, b"")
    }

    #[test]
    fn the_newest_one_an_hour_and_one_a_day_are_kept() {
        let copies: Vec<_> = (0..3 * 24 * 60).step_by(10).map(copy).collect();
        let retention = Retention {
            recent: 3,
            hourly: 2,
            daily: 5,
        };
        let gone = retention.superfluous(&copies);
        let mut kept: Vec<_> = copies
            .iter()
            .filter(|copy| !gone.contains(copy))
            .cloned()
            .collect();
        kept.sort();
        let minutes = [
            23 * 60 + 50,
            47 * 60 + 50,
            70 * 60 + 50,
            71 * 60 + 30,
            71 * 60 + 40,
            71 * 60 + 50,
        ];
        assert_eq!(kept, minutes.map(copy));
    }

    #[test]
    fn the_last_one_is_never_deleted() {
        let nothing = Retention {
            recent: 0,
            hourly: 0,
            daily: 0,
        };
        let copies = [copy(1), copy(2)];
        assert_eq!(nothing.superfluous(&copies), [&copies[0]]);
    }
}
