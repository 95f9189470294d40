//! What is promised to whom. A command decides on a copy of its aggregate, and a rush on one SKU leaves
//! tens of thousands of open reservations behind: copied one by one at every order, they cost
//! milliseconds each time. So they lie in shards that copies share until they change.

use std::collections::BTreeMap;
use std::sync::Arc;

use events::ids::OrderId;
use serde::{Deserialize, Serialize};

/// See the module. The last byte of an order's id, which is random, names its shard: a copy of all is
/// at most 256 pointers, a change copies a 256th of the entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<OrderId, u32>", into = "BTreeMap<OrderId, u32>")]
pub struct Reservations {
    shards: BTreeMap<u8, Arc<BTreeMap<OrderId, u32>>>,
    /// The sum of all, kept so that a busy SKU needn't add them up each time.
    total: u64,
}

impl Reservations {
    /// Units promised to this order.
    pub fn of(&self, order_id: OrderId) -> Option<u32> {
        self.shards.get(&shard(order_id))?.get(&order_id).copied()
    }

    /// Units promised to all orders together.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Promises more to an order.
    pub fn add(&mut self, order_id: OrderId, quantity: u32) {
        let shard = self.shards.entry(shard(order_id)).or_default();
        // proof of the sum: no more than is on hand, which is far below `u32::MAX`
        *Arc::make_mut(shard).entry(order_id).or_insert(0) += quantity;
        self.total += u64::from(quantity);
    }

    /// Ends the promise to an order, if there is one.
    pub fn remove(&mut self, order_id: OrderId) {
        let name = shard(order_id);
        let Some(shard) = self.shards.get_mut(&name) else {
            return;
        };
        let removed = Arc::make_mut(shard).remove(&order_id);
        if shard.is_empty() {
            self.shards.remove(&name);
        }
        self.total -= u64::from(removed.unwrap_or(0)); // proof: it was added with it
    }
}

fn shard(order_id: OrderId) -> u8 {
    let [.., last] = order_id.0.into_bytes();
    last
}

impl From<BTreeMap<OrderId, u32>> for Reservations {
    fn from(entries: BTreeMap<OrderId, u32>) -> Self {
        let mut reservations = Self::default();
        for (order_id, quantity) in entries {
            reservations.add(order_id, quantity);
        }
        reservations
    }
}

impl From<Reservations> for BTreeMap<OrderId, u32> {
    fn from(reservations: Reservations) -> Self {
        let shards = reservations.shards.into_values();
        shards.flat_map(Arc::unwrap_or_clone).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(n: u128) -> OrderId {
        OrderId(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn promises_are_counted_per_order_and_together() {
        let mut reservations = Reservations::default();
        // 1 and 257 share a shard.
        for (n, quantity) in [(1, 2), (257, 3), (2, 4), (1, 5)] {
            reservations.add(order(n), quantity);
        }
        assert_eq!(reservations.total(), 14);
        assert_eq!(reservations.of(order(1)), Some(7));
        assert_eq!(reservations.of(order(257)), Some(3));
        for n in [1, 1, 3] {
            reservations.remove(order(n));
        }
        assert_eq!((reservations.total(), reservations.of(order(1))), (7, None));
        assert_eq!(reservations.of(order(257)), Some(3));
    }

    #[test]
    fn a_copy_goes_its_own_way_and_shares_what_neither_changed() {
        let mut reservations = Reservations::default();
        reservations.add(order(1), 1);
        reservations.add(order(2), 2);
        let mut copy = reservations.clone();
        copy.remove(order(1));
        assert_eq!((reservations.of(order(1)), reservations.total()), (Some(1), 3));
        assert_eq!((copy.of(order(1)), copy.total()), (None, 2));
        assert!(Arc::ptr_eq(&reservations.shards[&2], &copy.shards[&2]));
    }

    #[test]
    fn it_is_a_map_in_json() {
        let mut reservations = Reservations::default();
        reservations.add(order(1), 1);
        reservations.add(order(257), 2);
        let json = serde_json::to_string(&reservations).unwrap();
        assert_eq!(
            serde_json::from_str::<BTreeMap<OrderId, u32>>(&json)
                .unwrap()
                .len(),
            2
        );
        assert_eq!(serde_json::from_str::<Reservations>(&json).unwrap(), reservations);
    }
}
