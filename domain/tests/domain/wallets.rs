//! Money into a wallet and out of it.

use domain::RefusalKind::{Conflict, Invalid};
use domain::amount::AMOUNT_MAX_MINOR;
use domain::settlement::{self, SettlePayment};
use domain::wallets::{self, FailedPayout, RequestDeposit, RequestWithdrawal};
use events::ids::{PaymentId, WithdrawalId};

use crate::shop::{ANNA, BOB, Outcome, Shop, at, pence};

fn deposit(shop: &mut Shop, minor: i64) -> RequestDeposit {
    RequestDeposit {
        payment_id: shop.new_id::<PaymentId>(),
        attempt_id: shop.attempt_id(),
        account_id: ANNA,
        amount: pence(minor),
        card_token: "tok_visa".to_owned(),
        at: at(0),
    }
}

fn withdrawal(shop: &mut Shop, minor: i64) -> RequestWithdrawal {
    RequestWithdrawal {
        withdrawal_id: shop.new_id::<WithdrawalId>(),
        account_id: ANNA,
        amount: pence(minor),
        destination: "bank_1".to_owned(),
        at: at(1),
    }
}

fn withdraw(shop: &mut Shop, command: &RequestWithdrawal) -> Outcome<()> {
    shop.when(|work| wallets::request_withdrawal(work, command))
}

#[test]
fn a_deposit_is_there_once_the_provider_has_charged() {
    let mut shop = Shop::new();
    let command = deposit(&mut shop, 5_00);
    shop.when(|work| wallets::request_deposit(work, &command))
        .then(&["PaymentRequested"]);
    assert_eq!(shop.balance(ANNA), 0);
    let charge = SettlePayment {
        payment_id: command.payment_id,
        attempt_id: command.attempt_id,
        provider_reference: "ch_1".to_owned(),
        at: at(1),
    };
    shop.when(|work| settlement::settle_payment(work, &charge))
        .then(&["PaymentSettled", "WalletCredited"]);
    shop.when(|work| settlement::settle_payment(work, &charge))
        .then(&[]);
    assert_eq!((shop.balance(ANNA), shop.balance(BOB)), (5_00, 0));
}

#[test]
fn a_deposit_is_above_zero_and_by_a_real_card() {
    let mut shop = Shop::new();
    for minor in [0, -5_00] {
        let command = deposit(&mut shop, minor);
        shop.when(|work| wallets::request_deposit(work, &command))
            .then_refused(Invalid, "amount_invalid", Some("amount"));
    }
    let command = RequestDeposit {
        card_token: String::new(),
        ..deposit(&mut shop, 5_00)
    };
    shop.when(|work| wallets::request_deposit(work, &command))
        .then_refused(Invalid, "card_token_invalid", Some("payment.token"));
}

#[test]
fn a_withdrawal_arrives() {
    let mut shop = Shop::new();
    shop.funds(ANNA, 5_00);
    let command = withdrawal(&mut shop, 3_00);
    withdraw(&mut shop, &command).then(&["WithdrawalRequested"]);
    assert_eq!(shop.balance(ANNA), 2_00);
    let settle = |shop: &mut Shop| {
        shop.when(|work| wallets::settle_withdrawal(work, ANNA, command.withdrawal_id, "po_1"))
    };
    settle(&mut shop).then(&["WithdrawalSettled"]);
    settle(&mut shop).then(&[]);
    assert_eq!(shop.balance(ANNA), 2_00);
}

#[test]
fn a_withdrawal_that_fails_comes_back_once() {
    let mut shop = Shop::new();
    shop.funds(ANNA, 5_00);
    let command = withdrawal(&mut shop, 3_00);
    withdraw(&mut shop, &command).ok();
    let id = command.withdrawal_id;
    let fail = |shop: &mut Shop| {
        shop.when(|work| wallets::fail_withdrawal(work, ANNA, id, "closed", "the account is closed", at(2)))
    };
    fail(&mut shop).then(&["WithdrawalFailed"]);
    fail(&mut shop).then(&[]);
    shop.when(|work| wallets::settle_withdrawal(work, ANNA, id, "po_1"))
        .then(&[]);
    assert_eq!(shop.balance(ANNA), 5_00);
}

/// What a bank sends back days after the provider has called it paid was gone: out of the wallet and not with its owner.
#[test]
fn a_withdrawal_that_the_bank_sends_back_comes_back() {
    let mut shop = Shop::new();
    shop.funds(ANNA, 5_00);
    let command = withdrawal(&mut shop, 3_00);
    withdraw(&mut shop, &command).ok();
    let id = command.withdrawal_id;
    shop.when(|work| wallets::settle_withdrawal(work, ANNA, id, "po_1"))
        .ok();
    let failed = |shop: &mut Shop, reference: &str| {
        let failed = FailedPayout {
            account_id: ANNA,
            withdrawal_id: id,
            provider_reference: reference.to_owned(),
            code: "closed".to_owned(),
            message: "the account is closed".to_owned(),
            at: at(2),
        };
        shop.when(|work| wallets::fail_payout(work, &failed))
    };
    failed(&mut shop, "po_2").then(&[]);
    failed(&mut shop, "po_1").then(&["WithdrawalFailed"]);
    assert_eq!(shop.balance(ANNA), 5_00);
    failed(&mut shop, "po_1").then(&[]);
    shop.when(|work| wallets::settle_withdrawal(work, ANNA, id, "po_1"))
        .then(&[]);
    assert_eq!(shop.balance(ANNA), 5_00);
}

/// Asked twice under one id, it was taken out twice and could come back once.
#[test]
fn one_withdrawal_is_taken_out_once() {
    let mut shop = Shop::new();
    shop.funds(ANNA, 5_00);
    let command = withdrawal(&mut shop, 2_00);
    withdraw(&mut shop, &command).ok();
    withdraw(&mut shop, &command).then(&[]);
    assert_eq!(shop.balance(ANNA), 3_00);
}

#[test]
fn nobody_withdraws_what_is_not_there() {
    let mut shop = Shop::new();
    shop.funds(ANNA, 5_00);
    let too_much = withdrawal(&mut shop, 5_01);
    withdraw(&mut shop, &too_much).then_refused(Conflict, "wallet_not_covered", Some("amount"));
    let nothing = withdrawal(&mut shop, 0);
    withdraw(&mut shop, &nothing).then_refused(Invalid, "amount_invalid", Some("amount"));
    let all = withdrawal(&mut shop, 5_00);
    withdraw(&mut shop, &all).ok();
    let more = withdrawal(&mut shop, 1);
    withdraw(&mut shop, &more).then_refused(Conflict, "wallet_not_covered", Some("amount"));
}

#[test]
fn a_withdrawal_goes_somewhere() {
    let mut shop = Shop::new();
    shop.funds(ANNA, 5_00);
    for destination in [String::new(), "bank 1".to_owned(), "x".repeat(256)] {
        let command = RequestWithdrawal {
            destination,
            ..withdrawal(&mut shop, 1_00)
        };
        withdraw(&mut shop, &command).then_refused(Invalid, "destination_invalid", Some("destination"));
    }
}

/// Sums of such amounts didn't fit where they were added up: a report turned negative, or its projector broke.
#[test]
fn a_deposit_is_one_that_can_be_added_up() {
    let mut shop = Shop::new();
    let largest = deposit(&mut shop, AMOUNT_MAX_MINOR);
    shop.when(|work| wallets::request_deposit(work, &largest)).ok();
    let larger = deposit(&mut shop, AMOUNT_MAX_MINOR + 1);
    shop.when(|work| wallets::request_deposit(work, &larger))
        .then_refused(Invalid, "amount_invalid", Some("amount"));
}
