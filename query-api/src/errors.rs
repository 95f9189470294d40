//! What goes wrong on our side, told once in the log and without internals to the client.

use platform::vault::VaultError;
use read_models::store::StoreError;
use web::Problem;

pub fn store_failed(error: StoreError) -> Problem {
    Problem::internal(error)
}

pub fn vault_failed(error: VaultError) -> Problem {
    Problem::internal(error)
}
