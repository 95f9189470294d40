//! What every kind of vault must do, each written once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::sealed::Sealed;
use platform::vault::{OpenVaultError, Vault, VaultError};
use tokio::task::JoinSet;
use uuid::Uuid;

pub const MASTER_KEY: [u8; 32] = [7; 32];

/// A storage of a test's own, which goes away when this is dropped.
pub trait VaultFixture: Sync {
    fn new() -> Self;

    /// Another handle on it, as another process would have.
    async fn open_with(&self, master_key: [u8; 32]) -> Result<Vault, OpenVaultError>;

    /// Changes the stored key of a subject behind the vault's back.
    async fn break_key(&self, subject: Uuid);

    async fn open(&self) -> Vault {
        self.open_with(MASTER_KEY).await.unwrap()
    }
}

/// Makes one test of each, for one kind of storage.
macro_rules! vault_suite {
    ($(#[$attribute:meta])* $fixture:ty) => {
        $crate::vault::suite::vault_suite!(@tests [$(#[$attribute])*] $fixture, "current_thread",
            a_text_opens_again_also_after_a_restart,
            a_text_opens_for_nobody_else,
            erasure_is_for_good,
            somebody_unknown_can_be_erased_before_their_first_text,
            another_master_key_is_refused,
            a_large_import_seals_and_opens_in_order,
            a_changed_key_row_harms_its_subject_alone,
            a_closed_vault_says_so,
        );
        $crate::vault::suite::vault_suite!(@tests [$(#[$attribute])*] $fixture, "multi_thread",
            first_uses_at_once_agree_on_one_key,
            erasing_wins_over_sealing_and_opening_at_once,
        );
    };
    (@tests $attributes:tt $fixture:ty, $flavor:literal, $($test:ident),+ $(,)?) => {
        $($crate::vault::suite::vault_suite!(@test $attributes $fixture, $flavor, $test);)+
    };
    (@test [$($attribute:tt)*] $fixture:ty, $flavor:literal, $test:ident) => {
        #[tokio::test(flavor = $flavor)]
        $($attribute)*
        async fn $test() {
            $crate::vault::suite::$test(&<$fixture as $crate::vault::suite::VaultFixture>::new()).await;
        }
    };
}
pub(crate) use vault_suite;

pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

pub async fn a_text_opens_again_also_after_a_restart(fixture: &impl VaultFixture) {
    let (ada, bob) = (Uuid::now_v7(), Uuid::now_v7());
    let vault = fixture.open().await;
    let sealed = vault.seal(ada, "Ada Lovelace").await.unwrap();
    let empty = vault.seal(bob, "").await.unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(&sealed.0).unwrap();
    assert!(!contains(&bytes, b"Ada Lovelace"));
    assert_eq!(
        vault.open(ada, &sealed).await.unwrap().as_deref(),
        Some("Ada Lovelace")
    );
    vault.close().await;

    let vault = fixture.open().await;
    assert_eq!(
        vault.open(ada, &sealed).await.unwrap().as_deref(),
        Some("Ada Lovelace")
    );
    assert_eq!(vault.open(bob, &empty).await.unwrap().as_deref(), Some(""));
    let again = vault.seal(ada, "Countess").await.unwrap();
    assert_eq!(
        vault.open(ada, &again).await.unwrap().as_deref(),
        Some("Countess")
    );
    vault.close().await;
}

pub async fn a_text_opens_for_nobody_else(fixture: &impl VaultFixture) {
    let vault = fixture.open().await;
    let (ada, bob) = (Uuid::now_v7(), Uuid::now_v7());
    let sealed = vault.seal(ada, "Ada").await.unwrap();
    assert!(matches!(vault.open(bob, &sealed).await, Err(VaultError::NoKey { subject }) if subject == bob));
    vault.seal(bob, "Bob").await.unwrap();
    assert!(matches!(vault.open(bob, &sealed).await, Err(VaultError::Broken { subject }) if subject == bob));
    let nonsense = Sealed("nonsense".to_owned());
    assert!(matches!(
        vault.open(ada, &nonsense).await,
        Err(VaultError::Broken { .. })
    ));
    vault.close().await;
}

pub async fn erasure_is_for_good(fixture: &impl VaultFixture) {
    let vault = fixture.open().await;
    let (ada, bob) = (Uuid::now_v7(), Uuid::now_v7());
    let texts = vault.seal_many(&[(ada, "Ada"), (bob, "Bob")]).await.unwrap();
    vault.erase(ada).await.unwrap();
    vault.erase(ada).await.unwrap();

    for vault in [vault, fixture.open().await] {
        assert_eq!(vault.open(ada, &texts[0]).await.unwrap(), None);
        assert!(
            matches!(vault.seal(ada, "again").await, Err(VaultError::Erased { subject }) if subject == ada)
        );
        let opened = vault
            .open_many(&[(ada, &texts[0]), (bob, &texts[1])])
            .await
            .unwrap();
        assert_eq!(opened, [None, Some("Bob".to_owned())]);
        vault.close().await;
    }
}

pub async fn somebody_unknown_can_be_erased_before_their_first_text(fixture: &impl VaultFixture) {
    let vault = fixture.open().await;
    let ada = Uuid::now_v7();
    vault.erase(ada).await.unwrap();
    assert!(matches!(
        vault.seal(ada, "Ada").await,
        Err(VaultError::Erased { .. })
    ));
    vault.close().await;
}

pub async fn another_master_key_is_refused(fixture: &impl VaultFixture) {
    fixture.open().await.close().await;
    let other = fixture.open_with([8; 32]).await;
    assert!(matches!(other, Err(OpenVaultError::WrongMasterKey)));
    fixture.open().await.close().await;
}

pub async fn first_uses_at_once_agree_on_one_key(fixture: &impl VaultFixture) {
    // Two, as two processes.
    let vaults = [fixture.open().await, fixture.open().await];
    let subjects: Vec<Uuid> = (0..8).map(|_| Uuid::now_v7()).collect();
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let (vault, subject) = (vaults[task % 2].clone(), subjects[task % 8]);
        tasks.spawn(async move { (subject, vault.seal(subject, "text").await.unwrap()) });
    }
    for (subject, sealed) in tasks.join_all().await {
        for vault in &vaults {
            assert_eq!(
                vault.open(subject, &sealed).await.unwrap().as_deref(),
                Some("text")
            );
        }
    }
    for vault in vaults {
        vault.close().await;
    }
}

pub async fn erasing_wins_over_sealing_and_opening_at_once(fixture: &impl VaultFixture) {
    let vault = fixture.open().await;
    for _ in 0..20 {
        let subject = Uuid::now_v7();
        let sealed = vault.seal(subject, "text").await.unwrap();
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            let (vault, sealed) = (vault.clone(), sealed.clone());
            // Each ends when it has seen the erasure.
            tasks.spawn(async move {
                while vault.open(subject, &sealed).await.unwrap().is_some() {
                    tokio::task::yield_now().await;
                }
            });
        }
        vault.erase(subject).await.unwrap();
        assert_eq!(vault.open(subject, &sealed).await.unwrap(), None);
        tasks.join_all().await;
        assert_eq!(
            vault.open(subject, &sealed).await.unwrap(),
            None,
            "nobody has put it back into the cache"
        );
    }
    vault.close().await;
}

pub async fn a_large_import_seals_and_opens_in_order(fixture: &impl VaultFixture) {
    let vault = fixture.open().await;
    // More than one statement, request and transaction take; some subjects twice.
    let texts: Vec<(Uuid, String)> = (0..1_500)
        .map(|number| (Uuid::now_v7(), number.to_string()))
        .collect();
    let twice: Vec<(Uuid, &str)> = texts
        .iter()
        .chain(&texts[..100])
        .map(|(subject, text)| (*subject, text.as_str()))
        .collect();
    let sealed = vault.seal_many(&twice).await.unwrap();
    vault.close().await;

    let vault = fixture.open().await;
    let asked: Vec<(Uuid, &Sealed)> = twice.iter().map(|(subject, _)| *subject).zip(&sealed).collect();
    let opened = vault.open_many(&asked).await.unwrap();
    assert_eq!(opened.len(), twice.len());
    for (opened, (_, text)) in opened.iter().zip(&twice) {
        assert_eq!(opened.as_deref(), Some(*text));
    }
    vault.close().await;
}

pub async fn a_changed_key_row_harms_its_subject_alone(fixture: &impl VaultFixture) {
    let vault = fixture.open().await;
    let (ada, bob) = (Uuid::now_v7(), Uuid::now_v7());
    let texts = vault.seal_many(&[(ada, "Ada"), (bob, "Bob")]).await.unwrap();
    vault.close().await;
    fixture.break_key(ada).await;

    let vault = fixture.open().await;
    assert!(
        matches!(vault.open(ada, &texts[0]).await, Err(VaultError::BrokenKey { subject }) if subject == ada)
    );
    assert_eq!(vault.open(bob, &texts[1]).await.unwrap().as_deref(), Some("Bob"));
    vault.close().await;
}

pub async fn a_closed_vault_says_so(fixture: &impl VaultFixture) {
    let vault = fixture.open().await;
    vault.close().await;
    assert!(matches!(
        vault.seal(Uuid::now_v7(), "x").await,
        Err(VaultError::Unavailable { .. })
    ));
    assert!(matches!(
        vault.erase(Uuid::now_v7()).await,
        Err(VaultError::Unavailable { .. })
    ));
}
