//! A session: refreshed by the newest token alone.

use cqrs_es::Aggregate;
use events::ids::{AccountId, SessionId};
use events::session::{SessionEnd, SessionEnded, SessionEvent, SessionRefreshed, SessionStarted};
use uuid::Uuid;

use super::{Session, SessionCommand, SessionError};
use crate::RefusalKind::{Conflict, Unauthenticated};
use crate::given::{Then, at, given};

const SESSION: SessionId = SessionId(Uuid::from_u128(1));
const ACCOUNT: AccountId = AccountId(Uuid::from_u128(2));

fn started() -> SessionStarted {
    SessionStarted {
        session_id: SESSION,
        account_id: ACCOUNT,
        token_hash: "first".to_owned(),
        expires_at: at(60),
        password_resets: 0,
    }
}

fn refreshed() -> SessionRefreshed {
    SessionRefreshed {
        session_id: SESSION,
        account_id: ACCOUNT,
        token_hash: "second".to_owned(),
        expires_at: at(90),
    }
}

fn ended(reason: SessionEnd) -> SessionEnded {
    SessionEnded {
        session_id: SESSION,
        account_id: ACCOUNT,
        reason,
    }
}

fn refresh(presented: &str, minute: i64) -> SessionCommand {
    SessionCommand::Refresh {
        session_id: SESSION,
        presented_hash: presented.to_owned(),
        token_hash: "second".to_owned(),
        at: at(minute),
        expires_at: at(90),
    }
}

fn end(reason: SessionEnd) -> SessionCommand {
    SessionCommand::End {
        session_id: SESSION,
        reason,
    }
}

fn live() -> Vec<SessionEvent> {
    vec![started().into()]
}

#[test]
fn a_session_begins_once() {
    given::<Session>(vec![])
        .when(SessionCommand::Start(started()))
        .then_expect_events(live());
    for history in [
        live(),
        vec![started().into(), ended(SessionEnd::LoggedOut).into()],
    ] {
        given::<Session>(history)
            .when(SessionCommand::Start(started()))
            .then_refused(SessionError::AlreadyStarted, (Conflict, "session_exists", None));
    }
}

#[test]
fn the_newest_token_is_exchanged_for_the_next() {
    given::<Session>(live())
        .when(refresh("first", 59))
        .then_expect_events(vec![refreshed().into()]);
    given::<Session>(live())
        .and(vec![refreshed().into()])
        .when(refresh("second", 89))
        .then_expect_events(vec![refreshed().into()]);
}

#[test]
fn a_token_seen_twice_ends_the_session() {
    given::<Session>(live())
        .and(vec![refreshed().into()])
        .when(refresh("first", 2))
        .then_expect_events(vec![ended(SessionEnd::TokenReused).into()]);
}

#[test]
fn a_session_that_is_over_is_not_refreshed() {
    let told = (Unauthenticated, "session_over", None);
    let over = vec![started().into(), ended(SessionEnd::TokenReused).into()];
    for (history, presented, minute) in [
        (vec![], "first", 1),
        (over, "first", 1),
        (live(), "first", 60),
        (live(), "another", 60),
    ] {
        given::<Session>(history)
            .when(refresh(presented, minute))
            .then_refused(SessionError::Over, told);
    }
}

#[test]
fn a_session_ends_once() {
    for reason in [SessionEnd::LoggedOut, SessionEnd::PasswordChanged] {
        given::<Session>(live())
            .when(end(reason))
            .then_expect_events(vec![ended(reason).into()]);
        given::<Session>(live())
            .and(vec![ended(reason).into()])
            .when(end(reason))
            .then_nothing();
    }
    given::<Session>(vec![])
        .when(end(SessionEnd::LoggedOut))
        .then_nothing();
}

#[test]
fn it_belongs_to_its_account_while_it_lasts() {
    let mut session = Session::default();
    assert_eq!(session.account_id(), None);
    session.apply(started().into());
    assert_eq!(session.account_id(), Some(ACCOUNT));
    session.apply(ended(SessionEnd::LoggedOut).into());
    assert_eq!(session.account_id(), None);
}
