//! The views by name, each with its version and its tables.

use std::fmt;
use std::str::FromStr;

use crate::record::Record;
use crate::table::Table;
use crate::{
    accounts, api_keys, branches, carts, categories, category_counts, customer_figures, customers,
    daily_report_parts, daily_reports, facet_counts, guest_carts, images, item_counts, order_history, orders,
    orphans, payments, product_history, products, reviews, sales, sales_figures, sales_records,
    trade_entries, trades, unsold, variant_options, vocabulary, wallet_entries, wallets, wishlists,
};

/// A view: rows that are projected, checkpointed and rebuilt together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ViewName {
    /// `products`, `product_variants`, `variant_options`, `product_options`, `facet_counts`, `products_text`, `product_history`,
    /// `product_images`, `unsold`, `category_counts`, `item_counts`, `search_words` and `search_pieces`.
    Products,
    Categories,
    Carts,
    /// `orders` and `order_history`.
    Orders,
    Payments,
    /// `wallets` and `wallet_entries`.
    Wallets,
    Sales,
    Accounts,
    Reviews,
    /// `wishlist_items`.
    Wishlists,
    /// `trades` and `trade_entries`.
    Trades,
    /// `sales_records` and `sales_figures`.
    SalesFigures,
    /// `customers` and `customer_figures`.
    Customers,
    Branches,
    /// `daily_reports` and `daily_report_parts`.
    DailyReports,
    Orphans,
    GuestCarts,
    ApiKeys,
}

impl ViewName {
    pub const ALL: [Self; 18] = [
        Self::Products,
        Self::Categories,
        Self::Carts,
        Self::Orders,
        Self::Payments,
        Self::Wallets,
        Self::Sales,
        Self::Accounts,
        Self::Reviews,
        Self::Wishlists,
        Self::Trades,
        Self::SalesFigures,
        Self::Customers,
        Self::Branches,
        Self::DailyReports,
        Self::Orphans,
        Self::GuestCarts,
        Self::ApiKeys,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Categories => "categories",
            Self::Carts => "carts",
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Wallets => "wallets",
            Self::Sales => "sales",
            Self::Accounts => "accounts",
            Self::Reviews => "reviews",
            Self::Wishlists => "wishlists",
            Self::Trades => "trades",
            Self::SalesFigures => "sales_figures",
            Self::Customers => "customers",
            Self::Branches => "branches",
            Self::DailyReports => "daily_reports",
            Self::Orphans => "orphans",
            Self::GuestCarts => "guest_carts",
            Self::ApiKeys => "api_keys",
        }
    }

    /// Raised whenever the view's tables change or its events come to mean other rows; a new
    /// generation is then filled by itself and swapped in.
    pub fn version(self) -> u64 {
        match self {
            // Since 3 with owners of one-of-a-kinds and the table of unsold items, since 4 with what facets are
            // counted by, attributes, histories by SKU, counts by state, and images, since 5 with counts of facets,
            // options' own stock, and the words that name products.
            Self::Products => 5,
            // Since 2 with a summary of each entry of an order's history, and with emails; with every attempt to pay; and
            // with whether an address is verified; and by category.
            Self::Orders | Self::Payments | Self::Accounts | Self::DailyReports => 2,
            Self::Categories
            | Self::Carts
            | Self::Wallets
            | Self::Sales
            | Self::Reviews
            | Self::Wishlists
            | Self::Trades
            | Self::SalesFigures
            | Self::Customers
            | Self::Branches
            | Self::Orphans
            | Self::GuestCarts
            | Self::ApiKeys => 1,
        }
    }

    /// The tables it consists of, but for the full-text index.
    pub fn tables(self) -> &'static [Table] {
        match self {
            Self::Products => &[
                products::Product::TABLE,
                products::VariantOf::TABLE,
                product_history::ProductEntry::TABLE,
                images::ServedImage::TABLE,
                unsold::Unsold::TABLE,
                category_counts::CategoryCount::TABLE,
                variant_options::VariantOption::TABLE,
                variant_options::ProductOption::TABLE,
                item_counts::ItemCounts::TABLE,
                facet_counts::FacetCount::TABLE,
                vocabulary::SearchWord::TABLE,
                vocabulary::SearchPiece::TABLE,
            ],
            Self::Categories => &[categories::Category::TABLE],
            Self::Carts => &[carts::Cart::TABLE],
            Self::Orders => &[orders::Order::TABLE, order_history::OrderEntry::TABLE],
            Self::Payments => &[payments::Payment::TABLE],
            Self::Wallets => &[wallets::Wallet::TABLE, wallet_entries::WalletEntry::TABLE],
            Self::Sales => &[sales::Sales::TABLE],
            Self::Accounts => &[accounts::Account::TABLE],
            Self::Reviews => &[reviews::Review::TABLE],
            Self::Wishlists => &[wishlists::WishlistItem::TABLE],
            Self::GuestCarts => &[guest_carts::GuestCart::TABLE],
            Self::Trades => &[trades::Trades::TABLE, trade_entries::TradeEntry::TABLE],
            Self::SalesFigures => &[
                sales_records::SalesRecord::TABLE,
                sales_figures::SalesFigures::TABLE,
            ],
            Self::Customers => &[
                customers::Customer::TABLE,
                customer_figures::CustomerFigures::TABLE,
            ],
            Self::Branches => &[branches::Branch::TABLE],
            Self::DailyReports => &[
                daily_reports::DailyReport::TABLE,
                daily_report_parts::DailyReportPart::TABLE,
            ],
            Self::Orphans => &[orphans::Orphan::TABLE],
            Self::ApiKeys => &[api_keys::ApiKey::TABLE],
        }
    }

    /// Whether the full-text index belongs to it.
    pub fn has_text(self) -> bool {
        self == Self::Products
    }

    /// Its place in [`Self::ALL`].
    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for ViewName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no view.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no view: {}", ViewName::ALL.map(ViewName::as_str).join(", "))]
pub struct ViewNameError {
    text: String,
}

impl FromStr for ViewName {
    type Err = ViewNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|view| view.as_str() == text)
            .ok_or_else(|| ViewNameError {
                text: text.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_stands_at_its_index_and_is_found_by_its_name() {
        for (index, view) in ViewName::ALL.into_iter().enumerate() {
            assert_eq!(view.index(), index);
            assert_eq!(view.as_str().parse(), Ok(view));
        }
        assert!("visitors".parse::<ViewName>().is_err());
    }
}
