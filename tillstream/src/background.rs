//! What a process does beside its main work, each part with its own way to stop.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Some tasks. Dropping them ends nothing; [`Background::stop`] does.
#[derive(Default)]
pub struct Background(Vec<Task>);

struct Task {
    name: &'static str,
    handle: JoinHandle<()>,
    stop: CancellationToken,
}

impl Background {
    pub fn start<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        name: &'static str,
        run: impl FnOnce(CancellationToken) -> F,
    ) {
        let stop = CancellationToken::new();
        let handle = tokio::spawn(run(stop.clone()));
        self.0.push(Task { name, handle, stop });
    }

    /// Asks all of them to stop, and waits for it.
    pub async fn stop(self) {
        for task in &self.0 {
            task.stop.cancel();
        }
        for task in self.0 {
            if let Err(error) = task.handle.await {
                tracing::error!(task = task.name, error = %error, "a task ended badly");
            }
        }
    }
}
