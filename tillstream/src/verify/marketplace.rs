//! Sellers: what they get is what the rule says, what they owe is what the ledger says, and a thing has one owner.

use std::collections::HashMap;

use events::Event;
use events::envelope::RecordedEvent;
use events::ids::{AccountId, OrderId, ProductId};
use events::ledger::{JournalEntry, LedgerAccount};
use events::money::Currency;
use events::order::OrderEvent;
use events::payment::PaymentEvent;
use events::product::ProductEvent;
use events::wallet::WalletEvent;

use super::{Broken, Rule};

const WHOLE_BPS: i128 = 10_000;

/// Basis points of an amount in minor units, rounded half to even.
fn fee(gross: i128, bps: u32) -> i128 {
    let product = gross * i128::from(bps);
    let (floor, twice_rest) = (product.div_euclid(WHOLE_BPS), 2 * product.rem_euclid(WHOLE_BPS));
    match twice_rest.cmp(&WHOLE_BPS) {
        std::cmp::Ordering::Less => floor,
        std::cmp::Ordering::Equal => floor + floor.rem_euclid(2),
        std::cmp::Ordering::Greater => floor + 1,
    }
}

/// One seller's part of one order.
struct Sale {
    gross: i128,
    fee_bps: u32,
    reversed: i128,
    reversed_fee: i128,
}

#[derive(Default)]
pub struct Fees {
    agreed: HashMap<(OrderId, AccountId), (i128, u32)>,
    sales: HashMap<(OrderId, AccountId), Sale>,
    /// Fees and debts by the wallets' events, and by the journal entries.
    told: HashMap<(LedgerAccount, Currency), i128>,
    posted: HashMap<(LedgerAccount, Currency), i128>,
}

impl Fees {
    fn post(&mut self, entry: &JournalEntry) {
        for posting in &entry.0 {
            if matches!(
                posting.account,
                LedgerAccount::Fees | LedgerAccount::OwedBySellers
            ) {
                let key = (posting.account, posting.amount.currency());
                *self.posted.entry(key).or_insert(0) += i128::from(posting.amount.amount_minor());
            }
        }
    }

    fn tell(&mut self, account: LedgerAccount, currency: Currency, minor: i128) {
        *self.told.entry((account, currency)).or_insert(0) += minor;
    }

    fn see_wallet(&mut self, event: &WalletEvent) -> Result<(), String> {
        match event {
            WalletEvent::SaleCredited(e) => {
                let (gross, kept) = (minor(e.gross), minor(e.fee));
                self.tell(LedgerAccount::Fees, e.gross.currency(), kept);
                let key = (e.order_id, e.account_id);
                let sale = Sale {
                    gross,
                    fee_bps: e.fee_bps,
                    reversed: 0,
                    reversed_fee: 0,
                };
                if self.sales.insert(key, sale).is_some() {
                    return Err(format!("{} is paid again for order {}", e.account_id, e.order_id));
                }
                if self.agreed.get(&key) != Some(&(gross, e.fee_bps)) {
                    return Err(format!(
                        "{} is paid for what order {} didn't agree",
                        e.account_id, e.order_id
                    ));
                }
                if kept != fee(gross, e.fee_bps) || minor(e.amount) != gross - kept {
                    return Err(format!(
                        "of {} the fee is {}, the seller's {}",
                        e.gross, e.fee, e.amount
                    ));
                }
            }
            WalletEvent::SaleReversed(e) => {
                let (gross, back) = (minor(e.gross), minor(e.fee));
                self.tell(LedgerAccount::Fees, e.gross.currency(), -back);
                let Some(sale) = self.sales.get_mut(&(e.order_id, e.account_id)) else {
                    return Err(format!("{} gives back a sale that never was", e.account_id));
                };
                sale.reversed += gross;
                sale.reversed_fee += back;
                if sale.reversed > sale.gross || sale.reversed_fee != fee(sale.reversed, sale.fee_bps) {
                    let (reversed, all) = (sale.reversed, sale.gross);
                    return Err(format!(
                        "{reversed} of {all} are taken back, and {} of the fee",
                        sale.reversed_fee
                    ));
                }
                if minor(e.amount) != gross - back {
                    return Err(format!("of {} the seller gives back {}", e.gross, e.amount));
                }
            }
            WalletEvent::SellerDebtIncurred(e) => {
                self.post(&e.entry);
                self.tell(
                    LedgerAccount::OwedBySellers,
                    e.amount.currency(),
                    -minor(e.amount),
                );
            }
            WalletEvent::SellerDebtRepaid(e) => {
                self.post(&e.entry);
                self.tell(LedgerAccount::OwedBySellers, e.amount.currency(), minor(e.amount));
            }
            _ => {}
        }
        Ok(())
    }
}

fn minor(amount: events::money::Money) -> i128 {
    i128::from(amount.amount_minor())
}

impl Rule for Fees {
    fn name(&self) -> &'static str {
        "sellers get what was agreed less the fee by its rule, and give back no more"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        match event {
            Event::Payment(PaymentEvent::SaleAgreed(e)) => {
                for share in &e.shares {
                    let agreed = (minor(share.amount), e.fee_bps);
                    self.agreed.insert((e.order_id, share.seller), agreed);
                }
            }
            Event::Payment(PaymentEvent::PaymentSettled(e)) => self.post(&e.entry),
            Event::Payment(PaymentEvent::RefundSettled(e)) => self.post(&e.entry),
            Event::Wallet(event) => {
                if let Err(what) = self.see_wallet(event) {
                    broken.add(recorded.position, what);
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, broken: &mut Broken) {
        self.told.retain(|_, sum| *sum != 0);
        self.posted.retain(|_, sum| *sum != 0);
        for key in self.told.keys().chain(self.posted.keys()) {
            let (told, posted) = (self.told.get(key), self.posted.get(key));
            if told != posted {
                let account = key.0;
                broken.add(
                    0,
                    format_args!("{account} is {told:?} by the wallets, {posted:?} by the entries"),
                );
            }
        }
    }
}

#[derive(Default)]
pub struct OneOwner {
    owners: HashMap<ProductId, Option<AccountId>>,
    unique: std::collections::HashSet<ProductId>,
    buyers: HashMap<OrderId, Option<AccountId>>,
}

impl Rule for OneOwner {
    fn name(&self) -> &'static str {
        "what is sold is its seller's, nobody buys their own, and ownership moves from owner to owner"
    }

    fn see(&mut self, recorded: &RecordedEvent, event: &Event, broken: &mut Broken) {
        let position = recorded.position;
        match event {
            Event::Product(ProductEvent::ProductAdded(e)) => {
                self.owners.insert(e.product_id, e.seller);
            }
            Event::Product(ProductEvent::OneOfAKindDeclared(e)) => {
                self.unique.insert(e.product_id);
            }
            Event::Product(ProductEvent::OwnershipMoved(e)) => {
                let before = self.owners.insert(e.product_id, Some(e.to));
                let is_buyer = self.buyers.get(&e.order_id).copied().flatten();
                let concerns = is_buyer == Some(e.to) || is_buyer == Some(e.from);
                if before != Some(Some(e.from)) || !self.unique.contains(&e.product_id) || !concerns {
                    let (product, from, to) = (e.product_id, e.from, e.to);
                    broken.add(
                        position,
                        format_args!("{product} goes from {from} to {to}, and was {before:?}'s"),
                    );
                }
            }
            Event::Order(OrderEvent::OrderPlaced(e)) => {
                self.buyers.insert(e.order_id, e.customer);
                if e.historical {
                    return;
                }
                for line in &e.lines {
                    if self.owners.get(&line.product_id) != Some(&line.seller) {
                        broken.add(
                            position,
                            format_args!("{} is sold by {:?}, who doesn't own it", line.sku, line.seller),
                        );
                    }
                    if line.seller.is_some() && line.seller == e.customer {
                        broken.add(position, format_args!("{} is bought by its seller", line.sku));
                    }
                }
            }
            _ => {}
        }
    }
}
