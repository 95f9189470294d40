//! The token by which headquarters knows a branch: `tsb_<branch>.<32 random bytes>`, so that scanners for leaked secrets can
//! tell what it is, and the log keeps its hash alone.

use events::ids::BranchId;

use crate::secret_token::{NoRandomness, SecretToken};

/// What every branch's token begins with.
const PREFIX: &str = "tsb_";

pub struct BranchToken(SecretToken<BranchId>);

impl BranchToken {
    pub fn generate(branch_id: BranchId) -> Result<Self, NoRandomness> {
        SecretToken::generate(branch_id).map(Self)
    }

    /// What has the form of a branch's token; whether it is one, its hash tells.
    pub fn parse(text: &str) -> Option<Self> {
        SecretToken::parse(text.strip_prefix(PREFIX)?).map(Self)
    }

    /// The branch that it says it's of.
    pub fn branch_id(&self) -> BranchId {
        self.0.id
    }

    /// SHA-256, in hex.
    pub fn hash(&self) -> String {
        self.0.hash()
    }

    /// The token itself, for the branch alone.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", self.0.reveal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_as_it_went_out_and_says_what_it_is() {
        let branch_id = BranchId::generate();
        let token = BranchToken::generate(branch_id).unwrap();
        let text = token.reveal();
        assert!(text.starts_with("tsb_"));
        let parsed = BranchToken::parse(&text).unwrap();
        assert_eq!((parsed.branch_id(), parsed.hash()), (branch_id, token.hash()));
        assert!(BranchToken::parse(&text[4..]).is_none());
        assert!(BranchToken::parse("tsb_nonsense").is_none());
    }
}
