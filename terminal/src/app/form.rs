//! A few fields to fill in, over the page.

/// The choices of how to pay.
pub const OUT_OF_WALLET: &str = "wallet";
pub const BY_CARD: &str = "card";

pub struct Form {
    pub title: &'static str,
    /// What it is about, in a line.
    pub about: String,
    pub fields: Vec<Field>,
    pub focus: usize,
    /// Whether it is sent and not yet answered: sending it again would be a second order.
    pub sent: bool,
    /// What was wrong with the last try.
    pub fault: Option<String>,
    pub purpose: Purpose,
}

pub struct Field {
    pub label: &'static str,
    pub entry: Entry,
}

pub enum Entry {
    Text(String),
    /// Never shown.
    Secret(String),
    Choice {
        options: &'static [&'static str],
        chosen: usize,
    },
}

/// What becomes of it.
pub enum Purpose {
    LogIn,
    Register,
    Purchase(Purchase),
    OrderCart,
    CancelOrder(String),
}

pub struct Purchase {
    pub product: String,
    pub sku: String,
    pub quantity: u32,
}

impl Form {
    fn new(title: &'static str, about: String, purpose: Purpose, fields: Vec<Field>) -> Self {
        Self {
            title,
            about,
            fields,
            focus: 0,
            sent: false,
            fault: None,
            purpose,
        }
    }

    pub fn log_in() -> Self {
        let fields = vec![text("Username or email", ""), secret("Password")];
        let about = "Ctrl-R: no account yet".to_owned();
        Self::new("Log in", about, Purpose::LogIn, fields)
    }

    pub fn register() -> Self {
        let fields = vec![text("Username", ""), text("Email", ""), secret("Password")];
        let about = "A password has 10 characters at least".to_owned();
        Self::new("New account", about, Purpose::Register, fields)
    }

    pub fn order(about: String, purpose: Purpose, country: &str, card: &str) -> Self {
        let options: &[_] = &[OUT_OF_WALLET, BY_CARD];
        let pay = Entry::Choice {
            options,
            chosen: usize::from(!card.is_empty()),
        };
        let pay = Field {
            label: "Pay by",
            entry: pay,
        };
        let fields = vec![text("Country", country), pay, text("Card token", card)];
        Self::new("Order", about, purpose, fields)
    }

    pub fn cancel_order(id: &str) -> Self {
        let fields = vec![text("Reason", "")];
        let purpose = Purpose::CancelOrder(id.to_owned());
        Self::new(
            "Cancel the order",
            "What was paid comes back".to_owned(),
            purpose,
            fields,
        )
    }

    /// What stands in a field; nothing if there is no such field.
    pub fn text(&self, field: usize) -> &str {
        match self.fields.get(field).map(|field| &field.entry) {
            Some(Entry::Text(text) | Entry::Secret(text)) => text,
            Some(Entry::Choice { options, chosen }) => options[*chosen],
            None => "",
        }
    }

    /// Goes on to another field, round and round.
    pub fn go(&mut self, by: usize) {
        self.focus = (self.focus + by) % self.fields.len();
    }

    pub fn is_at_end(&self) -> bool {
        self.focus + 1 == self.fields.len()
    }

    pub fn type_in(&mut self, typed: char) {
        match &mut self.fields[self.focus].entry {
            Entry::Text(text) | Entry::Secret(text) => text.push(typed),
            Entry::Choice { .. } if typed == ' ' => self.choose(),
            Entry::Choice { .. } => {}
        }
    }

    pub fn erase(&mut self) {
        if let Entry::Text(text) | Entry::Secret(text) = &mut self.fields[self.focus].entry {
            text.pop();
        }
    }

    /// The next of the choices, if the field has any.
    pub fn choose(&mut self) {
        if let Entry::Choice { options, chosen } = &mut self.fields[self.focus].entry {
            *chosen = (*chosen + 1) % options.len();
        }
    }
}

fn text(label: &'static str, text: &str) -> Field {
    Field {
        label,
        entry: Entry::Text(text.to_owned()),
    }
}

fn secret(label: &'static str) -> Field {
    Field {
        label,
        entry: Entry::Secret(String::new()),
    }
}
