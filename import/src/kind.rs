//! The kinds of records that the server takes: where each goes, how it's known again, and what it's called.

/// See the module. The order is that of the phases: what comes later names what came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Category,
    Product,
    Customer,
    Order,
    CreditNote,
}

impl Kind {
    pub const ALL: [Self; 5] = [
        Self::Category,
        Self::Product,
        Self::Customer,
        Self::Order,
        Self::CreditNote,
    ];

    /// In the state file and in idempotency keys; it never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Product => "product",
            Self::Customer => "customer",
            Self::Order => "order",
            Self::CreditNote => "credit_note",
        }
    }

    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// For people.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Category => "categories",
            Self::Product => "products",
            Self::Customer => "customers",
            Self::Order => "orders",
            Self::CreditNote => "credit notes",
        }
    }

    /// Where one is posted.
    pub fn path(self) -> &'static str {
        match self {
            Self::Category => "/api/categories",
            Self::Product => "/api/products",
            Self::Customer => "/api/auth/register",
            Self::Order => "/api/orders",
            Self::CreditNote => "/api/credit-notes",
        }
    }

    /// Whether this code of the server's says "this is there already".
    pub fn is_taken(self, code: &str) -> bool {
        match self {
            Self::Category => code == "category_slug_taken",
            // The second one, as long as there are units of it on the shelf.
            Self::Product => matches!(code, "sku_taken" | "sku_in_use"),
            Self::Customer => code == "username_taken",
            Self::Order => code == "order_reference_taken",
            Self::CreditNote => code == "credit_note_reference_taken",
        }
    }

    /// The field that people know one by.
    pub fn label_field(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Product => "sku",
            Self::Customer => "customer",
            Self::Order | Self::CreditNote => "reference",
        }
    }

    /// The member of the answer, and of the problem when it's taken, that holds the id.
    pub fn id_member(self) -> &'static str {
        match self {
            Self::Category => "category_id",
            Self::Product => "product_id",
            Self::Customer => "account_id",
            Self::Order => "order_id",
            Self::CreditNote => "credit_note_id",
        }
    }
}
