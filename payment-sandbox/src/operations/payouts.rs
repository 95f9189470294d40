//! Payouts: paid at once, later, or not at all, as the destination says. The provider's balance is not checked: the
//! shop's own ledger decides what may be paid out.

use sqlx::SqliteConnection;

use super::{Answer, Context, Failure, Verdict};
use crate::methods::{CLOSED_ACCOUNT, PAY_THEN_HANG_ACCOUNT, SLOW_ACCOUNT, TIMEOUT_ACCOUNT};
use crate::objects::{Metadata, Payout, PayoutStatus, new_id};
use crate::store::objects;
use crate::webhooks::{EventKind, record};

#[derive(Debug)]
pub(crate) struct CreatePayout {
    pub amount: i64,
    pub currency: String,
    pub destination: Option<String>,
    pub description: Option<String>,
    pub metadata: Metadata,
}

pub(super) async fn create(
    books: &mut SqliteConnection,
    request: CreatePayout,
    context: Context<'_>,
) -> Result<Verdict, Failure> {
    let status = match request.destination.as_deref() {
        Some(CLOSED_ACCOUNT) => PayoutStatus::Failed,
        Some(TIMEOUT_ACCOUNT) => return Ok(Verdict::HangUp),
        Some(SLOW_ACCOUNT) => PayoutStatus::Pending,
        _ => PayoutStatus::Paid,
    };
    let payout = new_payout(request, status, context);
    match status {
        PayoutStatus::Pending => objects::insert(books, &payout, Some(context.settles_at())).await?,
        PayoutStatus::Paid => {
            objects::insert(books, &payout, None).await?;
            record(books, EventKind::PayoutPaid, &payout, context.now).await?;
        }
        PayoutStatus::Failed => {
            objects::insert(books, &payout, None).await?;
            record(books, EventKind::PayoutFailed, &payout, context.now).await?;
        }
    }
    let answer = Answer::ok(&payout);
    Ok(match payout.destination.as_deref() {
        Some(PAY_THEN_HANG_ACCOUNT) => Verdict::AnswerTooLate(answer),
        _ => Verdict::Answer(answer),
    })
}

fn new_payout(request: CreatePayout, status: PayoutStatus, context: Context<'_>) -> Payout {
    let failed = status == PayoutStatus::Failed;
    Payout {
        id: new_id("po"),
        amount: request.amount,
        arrival_date: context.settles_at().timestamp(),
        automatic: false,
        created: context.now.timestamp(),
        currency: request.currency,
        description: request.description,
        destination: request.destination,
        failure_code: failed.then(|| "account_closed".to_owned()),
        failure_message: failed.then(|| "The bank account has been closed.".to_owned()),
        livemode: false,
        metadata: request.metadata,
        method: "standard".to_owned(),
        source_type: "card".to_owned(),
        status,
        kind: "bank_account".to_owned(),
    }
}
