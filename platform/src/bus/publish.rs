//! Publishing events, fenced: a message is taken only as the one that follows the last.

use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use events::envelope::{Position, RecordedEvent};

use super::{Bus, BusError, EventStream, wire};

/// A message that is on its way. Dropping it doesn't take it back.
#[derive(Debug)]
#[must_use = "NATS may refuse it"]
pub struct Publishing {
    position: Position,
    sequence: u64,
    ack: PublishAckFuture,
}

impl Bus {
    /// Sends an event without waiting for the answer. Send them in order: whatever follows one that NATS refuses is
    /// refused too. An event that is there already is accepted and not stored again.
    ///
    /// Fails with [`BusError::Refused`] on an event that lies before the stream's base.
    pub async fn publish(&self, stream: EventStream, event: &RecordedEvent) -> Result<Publishing, BusError> {
        let position = event.position;
        let sequence = position
            .checked_sub(stream.base)
            .filter(|sequence| *sequence > 0)
            .ok_or(BusError::Refused { position })?;
        let subject = self.subject_of(event);
        let message = |body: Bytes| {
            PublishMessage::build()
                .payload(body)
                .message_id(event.meta.event_id.to_string())
                .expected_last_sequence(sequence - 1)
        };
        let jet_stream = &self.shared.jet_stream;
        let sent = jet_stream
            .send_publish(subject.clone(), message(wire::encode(event)))
            .await;
        let sent = match sent {
            // This server takes even less than we do.
            Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                jet_stream
                    .send_publish(subject, message(wire::encode_in_log(position)))
                    .await
            }
            sent => sent,
        };
        Ok(Publishing {
            position,
            sequence,
            ack: sent.map_err(|error| BusError::unavailable("take an event", &error))?,
        })
    }

    /// The subject names the stream's kind, so that somebody who debugs can listen to one kind alone.
    fn subject_of(&self, event: &RecordedEvent) -> String {
        format!(
            "{}.events.{}",
            self.shared.settings.prefix,
            token(event.stream.kind())
        )
    }
}

/// A name as one token of a subject.
fn token(name: &str) -> String {
    if name.is_empty() {
        return "_".to_owned();
    }
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}

impl Publishing {
    pub fn position(&self) -> Position {
        self.position
    }

    /// Waits until NATS has it.
    ///
    /// Fails with [`BusError::Refused`] when it isn't the one that follows the stream's last, and with
    /// [`BusError::Missing`] when there is no stream.
    pub async fn stored(self) -> Result<(), BusError> {
        let position = self.position;
        let ack = self.ack.await.map_err(|error| match error.kind() {
            PublishErrorKind::WrongLastSequence => BusError::Refused { position },
            PublishErrorKind::StreamNotFound => BusError::Missing,
            _ => BusError::unavailable("store an event", &error),
        })?;
        // A duplicate is told the sequence that the first one got: another one, if the stream is shifted.
        if ack.sequence != self.sequence {
            return Err(BusError::Refused { position });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::token;

    #[test]
    fn a_kind_is_one_token_whatever_is_in_it() {
        assert_eq!(token("order"), "order");
        assert_eq!(token("a.b *>"), "a_b___");
        assert_eq!(token(""), "_");
    }
}
