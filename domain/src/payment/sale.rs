//! What of a payment is its sellers': their shares, the shop's fee, and who bears a refund.
//!
//! **The fee** is the share times the basis points, rounded half to even to a minor unit; the rest is the seller's. What
//! is given back of it follows the same rule over everything refunded so far, so that a share that is
//! refunded whole, in however many parts, gives the whole fee back.
//!
//! **A refund** is borne first by those whose goods came back, each up to what is left of their share; the shop bears the rest
//! of such a refund. One without goods is spread over what is left of all shares, the shop's own among them.

use std::collections::BTreeMap;

use events::ids::{AccountId, OrderId};
use events::ledger::{JournalEntry, LedgerAccount, Posting};
use events::money::Money;
use events::order::SoldLine;
use events::payment::{SaleAgreed, SellerShare};
use serde::{Deserialize, Serialize};

/// Basis points in a whole.
pub const WHOLE_BPS: u32 = 10_000;

/// Goods that came back, by their sellers.
pub type Returned = BTreeMap<AccountId, Vec<SoldLine>>;

/// A part of the payment and what it leaves after the fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portion {
    pub seller: AccountId,
    pub gross: Money,
    pub fee: Money,
    /// The seller's: `gross` less `fee`.
    pub net: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Share {
    lines: Vec<SoldLine>,
    amount: Money,
    /// In minor units.
    refunded: i64,
    /// Whether any of the goods came back.
    goods_back: bool,
}

impl Share {
    fn left(&self) -> i64 {
        self.amount.amount_minor() - self.refunded // proof: no part is larger than what is left
    }
}

/// The sellers' shares of one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    pub order_id: OrderId,
    pub fee_bps: u32,
    shares: BTreeMap<AccountId, Share>,
    /// What the shop has borne of refunds, in minor units.
    refunded_by_shop: i64,
}

/// The shop's part of `gross`: its basis points, rounded half to even.
pub fn fee(gross: Money, fee_bps: u32) -> Money {
    let whole = i128::from(WHOLE_BPS);
    let product = i128::from(gross.amount_minor()) * i128::from(fee_bps);
    let (floor, rest) = (product.div_euclid(whole), product.rem_euclid(whole));
    let up = match (rest * 2).cmp(&whole) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => floor % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    let minor = floor + i128::from(up);
    // Proof: at most `WHOLE_BPS` make no fee larger than the amount.
    Money::new(i64::try_from(minor).unwrap_or(i64::MAX), gross.currency())
}

impl From<SaleAgreed> for Sale {
    fn from(agreed: SaleAgreed) -> Self {
        let share = |share: SellerShare| {
            let agreed = Share {
                lines: share.lines,
                amount: share.amount,
                refunded: 0,
                goods_back: false,
            };
            (share.seller, agreed)
        };
        Self {
            order_id: agreed.order_id,
            fee_bps: agreed.fee_bps,
            shares: agreed.shares.into_iter().map(share).collect(),
            refunded_by_shop: 0,
        }
    }
}

impl Sale {
    /// What each seller sold.
    pub fn lines(&self, seller: AccountId) -> &[SoldLine] {
        self.shares.get(&seller).map_or(&[], |share| &share.lines)
    }

    /// Everything that was sold, by its sellers.
    pub fn all_lines(&self) -> Returned {
        let lines = self
            .shares
            .iter()
            .map(|(seller, share)| (*seller, share.lines.clone()));
        lines.collect()
    }

    /// Whether any goods have come back.
    pub fn has_goods_back(&self) -> bool {
        self.shares.values().any(|share| share.goods_back)
    }

    /// What each seller gets when the payment settles.
    pub fn portions(&self) -> Vec<Portion> {
        let portions = self.shares.iter().map(|(seller, share)| {
            let (gross, fee) = (share.amount, fee(share.amount, self.fee_bps));
            portion(*seller, gross, fee)
        });
        portions.collect()
    }

    /// What each seller bears of a refund of `amount`, of a payment of `total`: for goods, or without any.
    pub fn refund_portions(&self, total: Money, amount: Money, returned: Option<&Returned>) -> Vec<Portion> {
        let parts = match returned {
            Some(returned) => self.bear(amount, returned),
            None => self.spread(total, amount),
        };
        let parts = parts.into_iter().filter(|(_, part)| *part > 0);
        let portions = parts.map(|(seller, part)| {
            let share = &self.shares[&seller]; // proof: `spread` and `bear` name sellers of this sale
            let currency = amount.currency();
            let (before, after) = (share.refunded, share.refunded + part);
            let fee_of = |minor| fee(Money::new(minor, currency), self.fee_bps).amount_minor();
            let fee = Money::new(fee_of(after) - fee_of(before), currency);
            portion(seller, Money::new(part, currency), fee)
        });
        portions.collect()
    }

    /// By whose goods came back, each up to what is left.
    fn bear(&self, amount: Money, returned: &Returned) -> Vec<(AccountId, i64)> {
        let mut rest = amount.amount_minor();
        let mut parts = vec![];
        for (seller, lines) in returned {
            let left = self.shares.get(seller).map_or(0, Share::left);
            let value: i64 = lines.iter().map(|line| line.amount.amount_minor()).sum(); // at most what was paid
            let part = value.min(left).min(rest);
            rest -= part;
            parts.push((*seller, part));
        }
        parts
    }

    /// In proportion to what is left of each share: the part of the shares so far, rounded down, less the one before.
    fn spread(&self, total: Money, amount: Money) -> Vec<(AccountId, i64)> {
        let sold: i64 = self
            .shares
            .values()
            .map(|share| share.amount.amount_minor())
            .sum(); // at most `total`
        let of_shop = (total.amount_minor() - sold - self.refunded_by_shop).max(0);
        let of_sellers: i128 = self.shares.values().map(|share| i128::from(share.left())).sum();
        let all = (of_sellers + i128::from(of_shop)).max(1);
        let (mut left_so_far, mut part_so_far) = (0_i128, 0_i128);
        let mut parts = vec![];
        for (seller, share) in &self.shares {
            left_so_far += i128::from(share.left());
            let upto = (i128::from(amount.amount_minor()) * left_so_far / all).min(left_so_far);
            // Proof: a part is no larger than what is left of its share.
            parts.push((*seller, i64::try_from(upto - part_so_far).unwrap_or(0)));
            part_so_far = upto;
        }
        parts
    }

    /// Keeps in mind what sellers bear of a refund, and that the shop doesn't.
    pub(super) fn take_back(&mut self, parts: Vec<SellerShare>) {
        for part in parts {
            let minor = part.amount.amount_minor();
            self.refunded_by_shop -= minor;
            if let Some(share) = self.shares.get_mut(&part.seller) {
                share.refunded += minor;
                share.goods_back |= !part.lines.is_empty();
            }
        }
    }

    /// Keeps in mind a refund; what sellers bear of it was taken off before.
    pub(super) fn refund(&mut self, amount: Money) {
        self.refunded_by_shop += amount.amount_minor();
    }
}

/// From `source` to the sellers, the shop's fee, and the shop's own sales.
pub(super) fn entry(source: LedgerAccount, amount: Money, portions: &[Portion]) -> JournalEntry {
    let currency = amount.currency();
    let posting = |account, minor| Posting {
        account,
        amount: Money::new(minor, currency),
    };
    let mut rest = amount.amount_minor();
    let mut fees = 0;
    let mut parts = vec![];
    for portion in portions {
        rest -= portion.gross.amount_minor();
        fees += portion.fee.amount_minor();
        parts.push(posting(
            LedgerAccount::Wallet(portion.seller),
            portion.net.amount_minor(),
        ));
    }
    parts.push(posting(LedgerAccount::Fees, fees));
    parts.push(posting(LedgerAccount::Sales, rest));
    JournalEntry::spread(source, amount, parts)
}

fn portion(seller: AccountId, gross: Money, fee: Money) -> Portion {
    let net = Money::new(gross.amount_minor() - fee.amount_minor(), gross.currency());
    Portion {
        seller,
        gross,
        fee,
        net,
    }
}

#[cfg(test)]
mod tests {
    use events::ids::{ProductId, Sku};
    use events::money::Currency;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn pence(minor: i64) -> Money {
        Money::new(minor, Currency::GBP)
    }

    fn seller(n: u128) -> AccountId {
        AccountId(Uuid::from_u128(n))
    }

    fn sale(fee_bps: u32, shares: &[i64]) -> Sale {
        let shares = shares.iter().zip(1..).map(|(minor, n)| SellerShare {
            seller: seller(n),
            lines: vec![],
            amount: pence(*minor),
        });
        Sale::from(SaleAgreed {
            payment_id: events::ids::PaymentId::default(),
            order_id: OrderId::default(),
            fee_bps,
            shares: shares.collect(),
        })
    }

    fn goods(minor: i64) -> Vec<SoldLine> {
        vec![SoldLine {
            sku: Sku::default(),
            product_id: ProductId::default(),
            quantity: 1,
            amount: pence(minor),
        }]
    }

    fn note(sale: &mut Sale, amount: Money, portions: &[Portion]) {
        let parts = portions.iter().map(|portion| SellerShare {
            seller: portion.seller,
            lines: vec![],
            amount: portion.gross,
        });
        sale.take_back(parts.collect());
        sale.refund(amount);
    }

    #[test]
    fn a_fee_is_rounded_half_to_even() {
        for (gross, bps, expected) in [
            (1_000, 500, 50),
            (10, 500, 0), // 0.5
            (30, 500, 2), // 1.5
            (50, 500, 2), // 2.5
            (31, 500, 2), // 1.55
            (29, 500, 1), // 1.45
            (999, 0, 0),
            (999, 10_000, 999),
            (i64::MAX, 10_000, i64::MAX),
        ] {
            assert_eq!(fee(pence(gross), bps), pence(expected), "{gross} at {bps}");
        }
    }

    #[test]
    fn who_takes_goods_back_bears_their_price_and_the_shop_what_is_beyond() {
        let sale = sale(500, &[1_000, 2_000]);
        let returned = Returned::from([(seller(2), goods(500))]);
        let portions = sale.refund_portions(pence(4_000), pence(500), Some(&returned));
        assert_eq!(portions, [portion(seller(2), pence(500), pence(25))]);
    }

    #[test]
    fn a_refund_without_goods_is_spread_over_all_shares() {
        // The shop's own share is 1,000.
        let mut sale = sale(0, &[1_000, 2_000]);
        let portions = sale.refund_portions(pence(4_000), pence(2_000), None);
        let gross: Vec<_> = portions.iter().map(|portion| portion.gross).collect();
        assert_eq!(gross, [pence(500), pence(1_000)]);
        note(&mut sale, pence(2_000), &portions);
        let rest = sale.refund_portions(pence(4_000), pence(2_000), None);
        note(&mut sale, pence(2_000), &rest);
        assert!(sale.shares.values().all(|share| share.left() == 0));
        assert_eq!(sale.refunded_by_shop, 1_000);
    }

    proptest! {
        #[test]
        fn whatever_is_refunded_balances_and_gives_the_whole_fee_back(
            shares in prop::collection::vec(0_i64..5_000, 1..4),
            of_shop in 0_i64..5_000,
            fee_bps in 0_u32..=WHOLE_BPS,
            parts in prop::collection::vec((1_i64..4_000, any::<bool>()), 0..6),
        ) {
            let total = pence(shares.iter().sum::<i64>() + of_shop);
            let mut sale = sale(fee_bps, &shares);
            let paid = sale.portions();
            prop_assert!(entry(LedgerAccount::Provider, total, &paid).imbalance().is_empty());
            let mut left = total.amount_minor();
            let mut net = BTreeMap::<AccountId, i64>::new();
            for portion in &paid {
                net.insert(portion.seller, portion.net.amount_minor());
            }
            for (part, with_goods) in parts.into_iter().chain([(i64::MAX, false)]) {
                let part = part.min(left);
                left -= part;
                let returned = if with_goods {
                    Some(Returned::from([(seller(1), goods(part))]))
                } else {
                    None
                };
                let portions = sale.refund_portions(total, pence(part), returned.as_ref());
                for portion in &portions {
                    prop_assert!(!portion.net.is_negative() && !portion.fee.is_negative());
                    *net.get_mut(&portion.seller).unwrap() -= portion.net.amount_minor();
                }
                let entry = entry(LedgerAccount::Provider, pence(part), &portions).reversed();
                prop_assert!(entry.imbalance().is_empty());
                note(&mut sale, pence(part), &portions);
            }
            for (seller, share) in &sale.shares {
                prop_assert!(share.left() >= 0);
                if share.left() == 0 {
                    prop_assert_eq!(net[seller], 0);
                }
            }
        }
    }
}
