//! What a route can ask of its callers. A new kind of rule is a constant here.

use super::people::Who;
use super::people::Who::{
    Admin, Branch, Customer, Expired, Forged, Nobody, OtherBranch, Owner, Staff, Stranger,
};

/// Who may, and what the others are told.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    allowed: &'static [Who],
    /// To somebody who is logged in and may not: 403 where a role is missing, 404 where it is another's.
    others: u16,
    /// To a branch that is another than the one that is meant; elsewhere its token is no good at all.
    other_branch: u16,
}

impl Rule {
    pub fn allows(self, who: Who) -> bool {
        self.allowed.contains(&who)
    }

    pub fn is_public(self) -> bool {
        self.allows(Nobody)
    }

    /// The status for somebody who may not.
    pub fn refusal(self, who: Who) -> u16 {
        match who {
            OtherBranch => self.other_branch,
            who if who.is_logged_in() => self.others,
            _ => 401,
        }
    }
}

const fn rule(allowed: &'static [Who], others: u16) -> Rule {
    Rule {
        allowed,
        others,
        other_branch: 401,
    }
}

/// Anybody; nobody looks at a token.
pub const PUBLIC: Rule = rule(
    &[
        Nobody,
        Expired,
        Forged,
        Branch,
        OtherBranch,
        Stranger,
        Customer,
        Owner,
        Staff,
        Admin,
    ],
    403,
);
/// Anybody; but who sends a token that isn't good must learn that it isn't.
pub const PUBLIC_OR_LOGGED_IN: Rule = rule(&[Nobody, Stranger, Customer, Owner, Staff, Admin], 403);
/// Whoever is logged in, on what is their own.
pub const ANY_ACCOUNT: Rule = rule(&[Stranger, Customer, Owner, Staff, Admin], 403);
/// Who has the role customer: everybody here but staff.
pub const CUSTOMERS: Rule = rule(&[Stranger, Customer, Owner, Admin], 403);
/// The same, and who isn't logged in.
pub const CUSTOMERS_AND_GUESTS: Rule = rule(&[Nobody, Stranger, Customer, Owner, Admin], 403);
/// Whose it is; to staff, too, it isn't there.
pub const OWNER: Rule = rule(&[Owner], 404);
pub const OWNER_OR_STAFF: Rule = rule(&[Owner, Staff, Admin], 404);
/// Whose it is, or staff, who say whose is meant.
pub const OWNER_OR_ANY_STAFF: Rule = rule(&[Owner, Staff, Admin], 403);
/// Whose it is, or an admin, who says whose is meant.
pub const OWNER_OR_ADMIN: Rule = rule(&[Owner, Admin], 403);
pub const STAFF: Rule = rule(&[Staff, Admin], 403);
pub const ADMIN: Rule = rule(&[Admin], 403);
/// A branch about itself. An account's token opens nothing here.
pub const BRANCH: Rule = Rule {
    allowed: &[Branch],
    others: 401,
    other_branch: 404,
};
pub const BRANCHES: Rule = rule(&[Branch, OtherBranch], 401);
