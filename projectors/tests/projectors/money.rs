//! Payments and wallets, as pure functions over stories.

use events::Event;
use events::ids::{ProductId, Sku};
use events::money::Currency;
use events::order::SoldLine;
use events::payment::{
    PaymentCancelled, PaymentDeclined, PaymentEvent, PaymentMethod, PaymentRetried, Purpose, RefundFailed,
    RefundRequested,
};
use events::wallet::{SaleCredited, SaleReversed};
use projectors::payments::Payments;
use projectors::trades::TradesOfAccounts;
use projectors::wallets::Wallets;
use read_models::payments::{MethodKind, PaymentDocument, PaymentStatus, RefundStatus};
use read_models::wallet_entries::MovementReason;

use crate::story::*;

fn document(story: &[Event]) -> PaymentDocument {
    told::<Payments>(story).0[&payment(1)].document.clone()
}

fn refund_requested(n: u128, minor: i64) -> Event {
    Event::Payment(PaymentEvent::RefundRequested(RefundRequested {
        payment_id: payment(1),
        purpose: Purpose::Order(order(1)),
        customer: None,
        refund_id: refund(n),
        amount: gbp(minor),
        provider_reference: Some("ch_1".to_owned()),
        reason: "returned".to_owned(),
    }))
}

#[test]
fn a_declined_payment_is_tried_again_and_settles() {
    let purpose = Purpose::Order(order(1));
    let declined = Event::Payment(PaymentEvent::PaymentDeclined(PaymentDeclined {
        payment_id: payment(1),
        purpose,
        customer: None,
        attempt_id: attempt(1),
        code: "card_declined".to_owned(),
        message: "No.".to_owned(),
    }));
    let retried = Event::Payment(PaymentEvent::PaymentRetried(PaymentRetried {
        payment_id: payment(1),
        purpose,
        customer: None,
        amount: gbp(1300),
        method: PaymentMethod::Wallet,
        attempt_id: attempt(2),
    }));
    let story = [
        payment_requested(1, purpose, 1300),
        declined,
        retried,
        payment_settled(1, purpose, 1300),
    ];
    assert_eq!(document(&story[..1]).status, PaymentStatus::Processing);
    assert_eq!(document(&story[..1]).method, MethodKind::Card);
    let refused = document(&story[..2]);
    assert_eq!(refused.status, PaymentStatus::Declined);
    assert_eq!(refused.decline.unwrap().code, "card_declined");
    assert_eq!(document(&story[..3]).status, PaymentStatus::Processing);
    let settled = document(&story);
    assert_eq!((settled.status, settled.decline), (PaymentStatus::Settled, None));
    assert_eq!(settled.provider_reference.as_deref(), Some("ch_1"));
    let json = serde_json::to_string(&document(&story[..1])).unwrap();
    assert!(!json.contains("tok_secret"));
}

#[test]
fn refunds_add_up_to_the_whole_and_a_failed_one_does_not_count() {
    let purpose = Purpose::Order(order(1));
    let failed = Event::Payment(PaymentEvent::RefundFailed(RefundFailed {
        payment_id: payment(1),
        purpose,
        customer: None,
        refund_id: refund(2),
        code: "expired".to_owned(),
        message: "Too late.".to_owned(),
    }));
    let mut rest = refund_settled(1, purpose, 1000);
    if let Event::Payment(PaymentEvent::RefundSettled(settled)) = &mut rest {
        settled.refund_id = refund(3);
    }
    let story = [
        payment_requested(1, purpose, 1300),
        payment_settled(1, purpose, 1300),
        refund_requested(1, 300),
        refund_settled(1, purpose, 300),
        refund_requested(2, 1000),
        failed,
        refund_requested(3, 1000),
        rest,
    ];
    assert_eq!(document(&story[..3]).status, PaymentStatus::Settled);
    let part = document(&story[..6]);
    assert_eq!(part.status, PaymentStatus::PartiallyRefunded);
    let statuses: Vec<_> = part.refunds.iter().map(|refund| refund.status).collect();
    assert_eq!(statuses, [RefundStatus::Settled, RefundStatus::Failed]);
    let whole = document(&story);
    assert_eq!(
        (whole.status, whole.refunded),
        (PaymentStatus::Refunded, gbp(1300))
    );
}

#[test]
fn a_payment_that_is_no_longer_wanted_is_cancelled() {
    let purpose = Purpose::Order(order(1));
    let cancelled = Event::Payment(PaymentEvent::PaymentCancelled(PaymentCancelled {
        payment_id: payment(1),
        purpose,
        customer: None,
    }));
    let story = [payment_requested(1, purpose, 1300), cancelled];
    assert_eq!(document(&story).status, PaymentStatus::Cancelled);
}

#[test]
fn a_wallet_has_the_sum_of_its_entries() {
    let story = [
        credited(1, 1000),
        debited(1, 300),
        withdrawal_requested(1, 200),
        withdrawal_failed(1, 200),
        withdrawal_requested(1, 100),
    ];
    let (wallets, entries) = told::<Wallets>(&story);
    let wallet = &wallets[&(account(1), Currency::GBP)];
    assert_eq!((wallet.balance, wallet.pending_withdrawals), (gbp(600), gbp(100)));
    let sum: i64 = entries.iter().map(|entry| entry.amount.amount_minor()).sum();
    assert_eq!(sum, wallet.balance.amount_minor());
    let balances: Vec<_> = entries.iter().map(|entry| entry.balance.amount_minor()).collect();
    assert_eq!(balances, [1000, 700, 500, 700, 600]);
    assert_eq!(entries[0].reason, MovementReason::Deposit(payment(1)));
    assert_eq!(entries[3].reason, MovementReason::WithdrawalFailed(withdrawal(1)));

    let arrived: Vec<_> = story.into_iter().chain([withdrawal_settled(1, 100)]).collect();
    let (wallets, entries) = told::<Wallets>(&arrived);
    let wallet = &wallets[&(account(1), Currency::GBP)];
    assert_eq!((wallet.balance, wallet.pending_withdrawals), (gbp(600), gbp(0)));
    assert_eq!(entries.len(), 5, "the money had left the balance before");

    let sent_back: Vec<_> = arrived
        .into_iter()
        .chain([withdrawal_sent_back(1, 100)])
        .collect();
    let (wallets, entries) = told::<Wallets>(&sent_back);
    let wallet = &wallets[&(account(1), Currency::GBP)];
    assert_eq!((wallet.balance, wallet.pending_withdrawals), (gbp(700), gbp(0)));
    assert_eq!(entries[5].reason, MovementReason::WithdrawalFailed(withdrawal(1)));
}

#[test]
fn what_is_sold_and_taken_back_is_summed_for_buyer_and_seller() {
    let line = |quantity, minor| SoldLine {
        sku: Sku::default(),
        product_id: ProductId::default(),
        quantity,
        amount: gbp(minor),
    };
    let sale = SaleCredited {
        account_id: account(2),
        order_id: order(1),
        lines: vec![line(3, 900)],
        gross: gbp(900),
        fee_bps: 500,
        fee: gbp(45),
        amount: gbp(855),
    };
    // A refund without goods: money alone.
    let reversed = SaleReversed {
        account_id: account(2),
        order_id: order(1),
        refund_id: refund(1),
        lines: vec![],
        gross: gbp(100),
        fee: gbp(5),
        amount: gbp(95),
    };
    let story = [
        Event::Wallet(sale.into()),
        Event::Wallet(reversed.into()),
        credited(2, 1000),
    ];
    let (trades, entries) = told::<TradesOfAccounts>(&story);
    assert_eq!(trades.len(), 1, "a deposit is no trade");
    let seller = &trades[&(account(2), Currency::GBP)];
    let sums = (seller.sold.orders, seller.sold.units, seller.sold.amount_minor);
    assert_eq!(sums, (1, 3, 900));
    assert_eq!(
        (
            seller.sold.returned_units,
            seller.sold.returned_minor,
            seller.fees_minor
        ),
        (0, 100, 40)
    );
    let amounts: Vec<_> = entries
        .iter()
        .map(|entry| (entry.quantity, entry.amount))
        .collect();
    assert_eq!(amounts, [(3, gbp(900)), (0, gbp(-100))]);
    let (wallets, _) = told::<Wallets>(&story[..2]);
    assert_eq!(wallets[&(account(2), Currency::GBP)].balance, gbp(760));
}
