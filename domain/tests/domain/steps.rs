//! The steps of a random run: every command that a shop knows, for few SKUs and customers, so that
//! they get in each other's way.

use events::ids::AccountId;
use proptest::prelude::*;

use crate::shop::{ANNA, BOB};

pub const SKUS: [&str; 3] = ["LAMP", "MUG", "LEAFLET"];
pub const CUSTOMERS: [AccountId; 2] = [ANNA, BOB];

/// Indices pick one of what there is; what there isn't is skipped.
#[derive(Debug, Clone)]
pub enum Step {
    Receive {
        sku: usize,
        quantity: u32,
    },
    Adjust {
        sku: usize,
        delta: i64,
    },
    SetPrice {
        sku: usize,
        minor: i64,
    },
    Deposit {
        customer: usize,
        minor: i64,
    },
    Withdraw {
        customer: usize,
        minor: i64,
    },
    EndWithdrawal {
        withdrawal: usize,
        well: bool,
    },
    PutInCart {
        customer: usize,
        sku: usize,
        quantity: u32,
    },
    Place {
        customer: usize,
        lines: Option<Vec<(usize, u32)>>,
        by_wallet: bool,
    },
    Settle {
        payment: usize,
        earlier_attempt: bool,
    },
    Decline {
        payment: usize,
    },
    Retry {
        payment: usize,
        by_wallet: bool,
        minute: i64,
    },
    Cancel {
        order: usize,
        by: usize,
        minute: i64,
    },
    Ship {
        order: usize,
    },
    Deliver {
        order: usize,
    },
    Return {
        order: usize,
        by_staff: bool,
        quantities: Option<Vec<(usize, u32)>>,
    },
    Refund {
        payment: usize,
        minor: Option<i64>,
    },
    EndRefund {
        refund: usize,
        well: bool,
    },
    RecordPast {
        sku: usize,
        quantity: u32,
        minor: i64,
    },
    RecordCreditNote {
        sku: usize,
        quantity: u32,
        minor: i64,
    },
    Restart,
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (sku, customer, one) = (0..SKUS.len(), 0..CUSTOMERS.len(), 0..8_usize);
    let lines = || prop::collection::vec((0..SKUS.len(), 0..5_u32), 0..4);
    let step = prop_oneof![
        1 => (sku.clone(), 0..6_u32).prop_map(|(sku, quantity)| Step::Receive { sku, quantity }),
        1 => (sku.clone(), -6..3_i64).prop_map(|(sku, delta)| Step::Adjust { sku, delta }),
        1 => (sku.clone(), -1..5_i64).prop_map(|(sku, minor)| Step::SetPrice { sku, minor }),
        1 => (customer.clone(), 0..20_i64).prop_map(|(customer, minor)| Step::Deposit { customer, minor }),
        1 => (customer.clone(), 0..20_i64).prop_map(|(customer, minor)| Step::Withdraw { customer, minor }),
        1 => (one.clone(), any::<bool>()).prop_map(|(withdrawal, well)| Step::EndWithdrawal { withdrawal, well }),
        1 => (customer.clone(), sku.clone(), 0..4_u32)
            .prop_map(|(customer, sku, quantity)| Step::PutInCart { customer, sku, quantity }),
        4 => (customer, prop::option::of(lines()), any::<bool>())
            .prop_map(|(customer, lines, by_wallet)| Step::Place { customer, lines, by_wallet }),
        3 => (one.clone(), prop::bool::weighted(0.1))
            .prop_map(|(payment, earlier_attempt)| Step::Settle { payment, earlier_attempt }),
        2 => one.clone().prop_map(|payment| Step::Decline { payment }),
        2 => (one.clone(), any::<bool>(), 0..40_i64)
            .prop_map(|(payment, by_wallet, minute)| Step::Retry { payment, by_wallet, minute }),
        2 => (one.clone(), 0..4_usize, 0..60_i64)
            .prop_map(|(order, by, minute)| Step::Cancel { order, by, minute }),
        2 => one.clone().prop_map(|order| Step::Ship { order }),
        2 => one.clone().prop_map(|order| Step::Deliver { order }),
        2 => (one.clone(), any::<bool>(), prop::option::of(lines()))
            .prop_map(|(order, by_staff, quantities)| Step::Return { order, by_staff, quantities }),
        2 => (one.clone(), prop::option::of(-1..12_i64))
            .prop_map(|(payment, minor)| Step::Refund { payment, minor }),
        2 => (one, any::<bool>()).prop_map(|(refund, well)| Step::EndRefund { refund, well }),
        1 => (sku.clone(), 0..4_u32, 0..4_i64)
            .prop_map(|(sku, quantity, minor)| Step::RecordPast { sku, quantity, minor }),
        1 => (sku, 0..4_u32, 0..4_i64)
            .prop_map(|(sku, quantity, minor)| Step::RecordCreditNote { sku, quantity, minor }),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..80)
}
