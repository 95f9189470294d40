//! Payouts from wallets.

use chrono::TimeDelta;
use domain::wallet::Wallet;
use domain::wallets::{self, RequestWithdrawal};
use events::ids::WithdrawalId;
use workers::intents::Lane;

use crate::charging::{deposit, until_balance};
use crate::shop::{Shop, pounds, until};

#[tokio::test]
async fn a_payout_arrives() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let withdrawal_id = withdraw(&shop, "acct_bank").await;
    until_concluded(&shop, withdrawal_id).await;
    until_balance(&shop, pounds(15)).await;
    assert_eq!(settled(&shop).await, 1);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_failed_payout_puts_the_money_back() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    withdraw(&shop, "acct_sandbox_closed").await;
    until_balance(&shop, pounds(20)).await;
    assert_eq!(settled(&shop).await, 0);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_lost_answer_to_a_payout_is_asked_about_and_pays_once() {
    let shop = Shop::open().await;
    let workers = shop.work_impatiently().await;
    let withdrawal_id = withdraw(&shop, "acct_sandbox_payThenHang").await;
    workers.until_waiting(Lane::Settlement).await;
    shop.clock.advance(TimeDelta::minutes(1));
    until_concluded(&shop, withdrawal_id).await;
    until_balance(&shop, pounds(15)).await;
    assert_eq!(settled(&shop).await, 1);
    workers.stop().await;
    shop.close().await;
}

#[tokio::test]
async fn a_payout_that_takes_its_time_is_waited_for() {
    let shop = Shop::open().await;
    let workers = shop.work().await;
    let withdrawal_id = withdraw(&shop, "acct_sandbox_slow").await;
    // Each time it is asked a while later; the sandbox takes 50 ms.
    while open(&shop, withdrawal_id).await {
        until("the next question, or the end", async || {
            workers.waits(Lane::Settlement).await || !open(&shop, withdrawal_id).await
        })
        .await;
        shop.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(settled(&shop).await, 1);
    workers.stop().await;
    shop.close().await;
}

/// Five of the twenty pounds that were deposited.
async fn withdraw(shop: &Shop, destination: &str) -> WithdrawalId {
    deposit(shop).await;
    until_balance(shop, pounds(20)).await;
    let withdraw = RequestWithdrawal {
        withdrawal_id: WithdrawalId::generate(),
        account_id: shop.customer,
        amount: pounds(5),
        destination: destination.to_owned(),
        at: shop.now(),
    };
    shop.command(|work| wallets::request_withdrawal(work, &withdraw))
        .await;
    withdraw.withdrawal_id
}

async fn open(shop: &Shop, withdrawal_id: WithdrawalId) -> bool {
    shop.command(|work| {
        Ok(work
            .read::<Wallet>(shop.customer)?
            .withdrawal_is_open(withdrawal_id))
    })
    .await
}

async fn until_concluded(shop: &Shop, withdrawal_id: WithdrawalId) {
    until("the payout's end", async || !open(shop, withdrawal_id).await).await;
}

async fn settled(shop: &Shop) -> usize {
    let log = shop.log.read(0, 1_000).await.unwrap();
    log.iter()
        .filter(|event| event.event_type == "WithdrawalSettled")
        .count()
}
