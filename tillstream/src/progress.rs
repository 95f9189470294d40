//! The progress bar of long work over the log.

use events::envelope::Position;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar up to `head`; where nobody watches a terminal it stays silent, and the end is told in words.
pub fn bar(head: Position, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(head), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template(
        "{prefix:>10} [{bar:40}] {human_pos}/{human_len} events {per_sec} {eta} left {msg}",
    );
    if let Ok(style) = style {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_prefix(what);
    bar
}
