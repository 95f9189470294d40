//! A branch: registered, edited, its token rotated and revoked.

use events::branch::{
    BranchEdited, BranchEvent, BranchProfile, BranchRegistered, BranchTokenRevoked, BranchTokenRotated,
};
use events::ids::BranchId;
use uuid::Uuid;

use super::{Branch, BranchCommand, BranchError, NAME_MAX_CHARS};
use crate::RefusalKind::{Invalid, NotFound};
use crate::given::{Then, after, at, given};

const ID: BranchId = BranchId(Uuid::from_u128(7));

fn profile(name: &str) -> BranchProfile {
    BranchProfile {
        name: name.to_owned(),
        location: "1 High Street, Leeds".to_owned(),
        region: "North".to_owned(),
        url: "https://leeds.example".to_owned(),
        time_zone: "Europe/London".to_owned(),
    }
}

fn registered() -> BranchRegistered {
    BranchRegistered {
        branch_id: ID,
        profile: profile("Leeds"),
        token_hash: "first".to_owned(),
        registered_at: at(0),
    }
}

fn rotated(token_hash: &str) -> BranchEvent {
    BranchTokenRotated {
        branch_id: ID,
        token_hash: token_hash.to_owned(),
        rotated_at: at(1),
    }
    .into()
}

fn revoked() -> BranchEvent {
    BranchTokenRevoked {
        branch_id: ID,
        revoked_at: at(2),
    }
    .into()
}

#[test]
fn a_branch_is_registered_once_and_edited() {
    given::<Branch>(vec![])
        .when(BranchCommand::Register(registered()))
        .then_expect_events(vec![registered().into()]);
    let edit = |name| BranchCommand::Edit {
        profile: profile(name),
    };
    let edited = BranchEdited {
        branch_id: ID,
        profile: profile("York"),
    };
    given::<Branch>(vec![registered().into()])
        .when(edit("York"))
        .then_expect_events(vec![edited.into()]);
    given::<Branch>(vec![registered().into()])
        .when(edit("Leeds"))
        .then_nothing();
    given::<Branch>(vec![])
        .when(edit("York"))
        .then_refused(BranchError::NotFound, (NotFound, "branch_not_found", None));
}

#[test]
fn every_text_is_there_and_bounded() {
    for name in ["", "  ", &"x".repeat(NAME_MAX_CHARS + 1)] {
        let error = BranchError::Text {
            field: "name",
            max_chars: NAME_MAX_CHARS,
        };
        given::<Branch>(vec![registered().into()])
            .when(BranchCommand::Edit {
                profile: profile(name),
            })
            .then_refused(error, (Invalid, "text_length", Some("name")));
    }
}

#[test]
fn only_the_newest_token_is_good_and_none_after_it_was_revoked() {
    let branch = after::<Branch>([registered().into()]);
    assert_eq!(branch.authenticate("first"), Ok(()));
    assert_eq!(branch.authenticate("other"), Err(BranchError::Token));
    let branch = after::<Branch>([registered().into(), rotated("second")]);
    assert_eq!(branch.authenticate("first"), Err(BranchError::Token));
    assert_eq!(branch.authenticate("second"), Ok(()));
    let branch = after::<Branch>([registered().into(), revoked()]);
    assert_eq!(branch.authenticate("first"), Err(BranchError::Token));
    assert_eq!(Branch::default().authenticate(""), Err(BranchError::Token));
}

#[test]
fn a_revoked_token_is_revoked_once_and_replaced_by_a_new_one() {
    given::<Branch>(vec![registered().into()])
        .when(BranchCommand::RevokeToken { at: at(2) })
        .then_expect_events(vec![revoked()]);
    given::<Branch>(vec![registered().into(), revoked()])
        .when(BranchCommand::RevokeToken { at: at(2) })
        .then_nothing();
    let rotate = BranchCommand::RotateToken {
        token_hash: "third".to_owned(),
        at: at(1),
    };
    given::<Branch>(vec![registered().into(), revoked()])
        .when(rotate)
        .then_expect_events(vec![rotated("third")]);
}
