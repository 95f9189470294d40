//! What a process does beside its main work, each part with its own way to stop.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Some tasks. Dropping them ends nothing; [`Background::stop`] does.
#[derive(Default)]
pub struct Background(Vec<Task>);

/// Something that goes on until it is asked to stop.
pub struct Task {
    name: &'static str,
    handle: JoinHandle<()>,
    stop: CancellationToken,
}

impl Task {
    pub fn start<F: Future<Output = ()> + Send + 'static>(
        name: &'static str,
        run: impl FnOnce(CancellationToken) -> F,
    ) -> Self {
        let stop = CancellationToken::new();
        let handle = tokio::spawn(run(stop.clone()));
        Self { name, handle, stop }
    }

    /// Waits until it ends of its own accord, or by a panic.
    pub async fn ended(&mut self) {
        // How it ended is told by `stop`, and by the panic itself.
        let _ = (&mut self.handle).await;
    }

    /// Asks it to stop, and waits for it.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.handle.await {
            tracing::error!(task = self.name, error = %error, "a task ended badly");
        }
    }
}

impl Background {
    pub fn start<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        name: &'static str,
        run: impl FnOnce(CancellationToken) -> F,
    ) {
        self.0.push(Task::start(name, run));
    }

    /// Asks all of them to stop, and waits for it.
    pub async fn stop(self) {
        for task in &self.0 {
            task.stop.cancel();
        }
        for task in self.0 {
            task.stop().await;
        }
    }
}
