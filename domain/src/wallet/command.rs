//! What can be asked of a wallet.

use chrono::{DateTime, Utc};
use events::ids::{AccountId, WithdrawalId};
use events::money::Money;
use events::wallet::{SaleCredited, SaleReversed, WalletCredited, WalletDebited};

#[derive(Debug, Clone)]
pub enum WalletCommand {
    Credit(WalletCredited),
    Debit(WalletDebited),
    /// The owner sold something; what they owe from sales taken back is paid out of it first.
    CreditSale(SaleCredited),
    /// A sale is taken back; what the wallet doesn't hold, the owner owes.
    ReverseSale(SaleReversed),
    /// Asking again while it's under way changes nothing.
    RequestWithdrawal {
        account_id: AccountId,
        withdrawal_id: WithdrawalId,
        amount: Money,
        destination: String,
        at: DateTime<Utc>,
    },
    /// The money has arrived. Does nothing if the withdrawal isn't under way.
    SettleWithdrawal {
        withdrawal_id: WithdrawalId,
        provider_reference: String,
    },
    /// The money comes back. Does nothing if the withdrawal isn't under way.
    FailWithdrawal {
        withdrawal_id: WithdrawalId,
        code: String,
        message: String,
        at: DateTime<Utc>,
    },
    /// The bank sent back what had arrived: the money comes back after all. Does nothing unless it had arrived as this
    /// payout of the provider's.
    ReturnWithdrawal {
        withdrawal_id: WithdrawalId,
        provider_reference: String,
        code: String,
        message: String,
        at: DateTime<Utc>,
    },
}
