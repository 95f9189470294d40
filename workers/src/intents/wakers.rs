//! Tells the lanes of this process that something may have become due. Other processes find out by looking.

use tokio::sync::Notify;

use super::effect::Lane;

#[derive(Debug, Default)]
pub(super) struct Wakers {
    settlement: Notify,
    email: Notify,
    images: Notify,
    timers: Notify,
    chain: Notify,
}

impl Wakers {
    pub fn of(&self, lane: Lane) -> &Notify {
        match lane {
            Lane::Settlement => &self.settlement,
            Lane::Email => &self.email,
            Lane::Images => &self.images,
            Lane::Timers => &self.timers,
            Lane::Chain => &self.chain,
        }
    }

    pub fn wake_all(&self) {
        for lane in Lane::ALL {
            self.of(lane).notify_one();
        }
    }
}
