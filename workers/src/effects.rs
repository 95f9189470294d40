//! What each effect means: the one place where an intent meets the part that carries it out.

use domain::Decision;
use domain::UnitOfWork;
use events::envelope::Actor;
use executor::{CommandContext, ExecuteError, Executor};
use platform::event_log::ReadError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::chain::Headquarters;
use crate::email::EmailSender;
use crate::gateway::PaymentGateway;
use crate::images::ImageMaker;
use crate::intents::{Claimed, Effect, Intents};
use crate::{chain, planner, settlement, timers};
use platform::clock::Clock;

/// What a try came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is over, in these words.
    Done { outcome: String },
    /// The other side has accepted it and isn't finished: come back and ask.
    Wait { memo: Option<String> },
    /// It failed, or nobody knows; another try may work.
    Retry { reason: String },
    /// Another try is useless until somebody has looked at it.
    Fail { reason: String },
}

impl Verdict {
    pub fn done(outcome: impl Into<String>) -> Self {
        Self::Done {
            outcome: outcome.into(),
        }
    }
}

/// A refusal is final, whether of the payment that doesn't know the attempt or of any other aggregate.
impl From<ExecuteError> for Verdict {
    fn from(error: ExecuteError) -> Self {
        let reason = error.to_string();
        match error {
            ExecuteError::Contended | ExecuteError::Unavailable { .. } => Self::Retry { reason },
            ExecuteError::Refused(_)
            | ExecuteError::Taken { .. }
            | ExecuteError::KeyReused
            | ExecuteError::Unreadable { .. }
            | ExecuteError::Answer
            | ExecuteError::Repeated(_) => Self::Fail { reason },
        }
    }
}

impl From<ReadError> for Verdict {
    fn from(error: ReadError) -> Self {
        Self::Retry {
            reason: error.to_string(),
        }
    }
}

/// Everything that effects reach.
#[derive(Debug)]
pub(crate) struct Effects {
    pub shop: Shop,
    pub gateway: PaymentGateway,
    pub email: EmailSender,
    /// In a branch of a chain.
    pub headquarters: Option<Headquarters>,
    pub images: ImageMaker,
    pub intents: Intents,
}

/// The way back into the shop: commands in the name of the system.
#[derive(Clone)]
pub(crate) struct Shop {
    pub executor: Executor,
    pub clock: Clock,
}

impl std::fmt::Debug for Shop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shop").finish_non_exhaustive()
    }
}

impl Shop {
    /// Caused by the event that asked for the effect, and part of what set that off.
    fn context(&self, claimed: &Claimed) -> CommandContext {
        let context = CommandContext::new(Actor::System, self.clock.now(), claimed.correlation_id);
        CommandContext {
            causation_id: Some(claimed.event_id),
            trace_parent: claimed.trace_parent.clone(),
            ..context
        }
    }

    pub async fn command<T: Serialize + DeserializeOwned>(
        &self,
        claimed: &Claimed,
        decide: impl Fn(&mut UnitOfWork) -> Decision<T>,
    ) -> Result<T, ExecuteError> {
        Ok(self.executor.execute(&self.context(claimed), decide).await?.value)
    }

    pub async fn look<T>(
        &self,
        claimed: &Claimed,
        look: impl Fn(&mut UnitOfWork) -> Decision<T>,
    ) -> Result<T, ExecuteError> {
        Ok(self.executor.inspect(&self.context(claimed), look).await?.value)
    }
}

impl Effects {
    pub async fn carry_out(&self, claimed: &Claimed) -> Verdict {
        let result = match &claimed.effect {
            Effect::Charge {
                payment_id,
                attempt_id,
            } => settlement::charge(&self.shop, &self.gateway, claimed, *payment_id, *attempt_id).await,
            Effect::Refund(refund) => settlement::refund(&self.shop, &self.gateway, claimed, refund).await,
            Effect::RefundOrphan(refund) => {
                settlement::refund_orphan(&self.shop, &self.gateway, claimed, refund).await
            }
            Effect::Payout(payout) => settlement::payout(&self.shop, &self.gateway, claimed, payout).await,
            Effect::EmailOrder { order_id, notice } => self.email.order(claimed, *order_id, *notice).await,
            Effect::EmailPasswordReset { account_id, reset_id } => {
                self.email.password_reset(claimed, *account_id, *reset_id).await
            }
            Effect::EmailVerification {
                account_id,
                verification_id,
            } => {
                self.email
                    .verification(claimed, *account_id, *verification_id)
                    .await
            }
            Effect::ExpireGuestCart { cart_id } => {
                timers::expire_guest_cart(&self.shop, claimed, *cart_id).await
            }
            Effect::ExpireOrder { order_id } => timers::expire_order(&self.shop, claimed, *order_id).await,
            Effect::SendDailyReport {
                day,
                currency,
                revision,
            } => {
                let report = (*day, *currency, *revision);
                chain::send_report(&self.shop, self.headquarters.as_ref(), claimed, report).await
            }
            Effect::ProcessImage {
                product_id,
                image_id,
                original,
            } => {
                self.images
                    .process(claimed, (*product_id, *image_id), original)
                    .await
            }
            Effect::DeleteImage { product_id, image_id } => {
                self.images.delete(claimed, (*product_id, *image_id)).await
            }
            Effect::DeleteImages { product_id } => self.images.delete_all(claimed, *product_id).await,
            Effect::Unreadable { position, .. } => {
                planner::plan_again(&self.shop, &self.intents, *position).await
            }
        };
        result.unwrap_or_else(|verdict| verdict)
    }
}
