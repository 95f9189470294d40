//! The generation mark: says whose contents Redis holds, whether they are complete, and what they reflect. One key
//! holds all of it as one text, so that it is read, compared and replaced as a whole, or lost as a whole.

use std::fmt;
use std::str::FromStr;

use events::envelope::Position;
use uuid::Uuid;

/// Whether readers may rely on what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The projector is still putting documents in.
    Filling,
    Complete,
}

/// See the module. As text: `<id> <state> <position> <changed_at>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Of the filling; entries that name another aren't part of it.
    pub id: Uuid,
    pub state: State,
    /// What every document reflects at least.
    pub position: Position,
    /// The last position that changed any product; pages that were made before aren't true any more.
    pub changed_at: Position,
}

impl Mark {
    /// Of a filling that begins.
    pub fn filling() -> Self {
        Self {
            id: Uuid::new_v4(),
            state: State::Filling,
            position: 0,
            changed_at: 0,
        }
    }

    /// Of the same filling, once it has everything up to `position`.
    pub fn complete(self, position: Position) -> Self {
        Self {
            state: State::Complete,
            position,
            changed_at: position,
            ..self
        }
    }

    /// Further on, with or without a change of any product in between.
    pub fn moved(self, position: Position, changed: bool) -> Self {
        let changed_at = if changed { position } else { self.changed_at };
        Self {
            position,
            changed_at,
            ..self
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Filling => "filling",
            State::Complete => "complete",
        };
        let id = self.id.simple();
        write!(f, "{id} {state} {} {}", self.position, self.changed_at)
    }
}

/// The text isn't a mark.
#[derive(Debug, thiserror::Error)]
#[error("what stands under the mark's key is no mark")]
pub struct NoMark;

impl FromStr for Mark {
    type Err = NoMark;

    fn from_str(text: &str) -> Result<Self, NoMark> {
        let mut words = text.split(' ');
        let mut word = || words.next().ok_or(NoMark);
        let id = Uuid::try_parse(word()?).map_err(|_| NoMark)?;
        let state = match word()? {
            "filling" => State::Filling,
            "complete" => State::Complete,
            _ => return Err(NoMark),
        };
        let position = word()?.parse().map_err(|_| NoMark)?;
        let changed_at = word()?.parse().map_err(|_| NoMark)?;
        match words.next() {
            Some(_) => Err(NoMark),
            None => Ok(Self {
                id,
                state,
                position,
                changed_at,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_and_nothing_else_is_one() {
        let filling = Mark::filling();
        let moved = filling.complete(7).moved(9, false);
        for mark in [filling, filling.complete(7), moved, moved.moved(12, true)] {
            assert_eq!(mark.to_string().parse::<Mark>().unwrap(), mark);
        }
        assert_eq!((moved.position, moved.changed_at), (9, 7));
        let id = filling.id.simple();
        for text in [
            String::new(),
            format!("{id} complete 1"),
            format!("{id} done 1 1"),
            format!("{id} complete -1 1"),
            format!("{id} complete 1 1 1"),
            "me complete 1 1".to_owned(),
        ] {
            assert!(text.parse::<Mark>().is_err(), "{text:?}");
        }
    }
}
