//! What the executor accepted, as HTTP answers it.

use executor::Accepted;
use web::position::Accepted as Answer;

/// 200
pub fn ok<T>(accepted: Accepted<T>) -> Answer<T> {
    Answer::ok(accepted.position, accepted.value).replayed(accepted.replayed)
}

/// 201, and where the new thing can be read.
pub fn created<T>(accepted: Accepted<T>, location: impl FnOnce(&T) -> String) -> Answer<T> {
    let location = location(&accepted.value);
    Answer::created(accepted.position, location, accepted.value).replayed(accepted.replayed)
}

/// 202: the payment provider has to be asked first.
pub fn later<T>(accepted: Accepted<T>) -> Answer<T> {
    Answer::later(accepted.position, accepted.value).replayed(accepted.replayed)
}

/// 204
#[expect(clippy::needless_pass_by_value, reason = "an answer is given once")]
pub fn no_content(accepted: Accepted<()>) -> Answer<()> {
    Answer::no_content(accepted.position).replayed(accepted.replayed)
}
