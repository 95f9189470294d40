//! A bug to be found: with the feature `planted-bugs`, and if the environment asks for it, positions aren't checked. It
//! shows that the fault harness notices. Nothing of this is compiled into a release.

use std::sync::OnceLock;

use events::envelope::Position;
use read_models::generation::{self, Checkpoint};
use read_models::store::StoreError;
use sqlx::AnyConnection;

/// Names the bug to plant.
const VARIABLE: &str = "TILLSTREAM_PLANT";
const POSITION_CHECK: &str = "position-check";

/// Whether the checks of positions are to be left out: that a batch begins right after the checkpoint, and that the
/// checkpoint stands where its writer left it.
pub fn leaves_out_position_check() -> bool {
    static PLANTED: OnceLock<bool> = OnceLock::new();
    *PLANTED.get_or_init(|| std::env::var(VARIABLE).is_ok_and(|named| named == POSITION_CHECK))
}

/// Moves checkpoints from wherever they stand. `false` if a generation is gone.
pub async fn advance_unchecked(
    conn: &mut AnyConnection,
    checkpoints: &[Checkpoint],
    to: Position,
) -> Result<bool, StoreError> {
    for checkpoint in checkpoints {
        let Checkpoint { view, generation, .. } = *checkpoint;
        let Some(position) = generation::checkpoint(conn, view, generation).await? else {
            return Ok(false);
        };
        let stands = Checkpoint {
            position,
            ..*checkpoint
        };
        generation::advance(conn, &[stands], to).await?;
    }
    Ok(true)
}
