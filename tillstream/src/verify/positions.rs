//! The order of the log: positions without gaps, versions without gaps.

use std::collections::HashMap;

use events::Event;
use events::envelope::{Position, RecordedEvent, StreamId};

use super::{Broken, Rule};

#[derive(Default)]
pub struct Gapless {
    last: Position,
}

impl Rule for Gapless {
    fn name(&self) -> &'static str {
        "positions have no gaps and no duplicates"
    }

    fn see(&mut self, recorded: &RecordedEvent, _: &Event, broken: &mut Broken) {
        if recorded.position != self.last + 1 {
            broken.add(
                recorded.position,
                format_args!("the position before it is {}", self.last),
            );
        }
        self.last = recorded.position;
    }
}

#[derive(Default)]
pub struct Versions(HashMap<StreamId, u64>);

impl Rule for Versions {
    fn name(&self) -> &'static str {
        "every stream's versions have no gaps and no duplicates"
    }

    fn see(&mut self, recorded: &RecordedEvent, _: &Event, broken: &mut Broken) {
        let last = self.0.entry(recorded.stream.clone()).or_insert(0);
        if recorded.version != *last + 1 {
            let (stream, version) = (&recorded.stream, recorded.version);
            broken.add(
                recorded.position,
                format_args!("{stream} goes from version {last} to {version}"),
            );
        }
        *last = recorded.version;
    }
}
