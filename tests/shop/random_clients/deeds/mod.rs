//! What a client can do; each deed is a request or a few. Whether an answer may come at all is
//! [`Person::send`]'s to see; a deed looks only at what its own answers must say.

mod browsing;
mod buying;
mod mischief;
mod money;
mod opinions;
mod selling;
mod staff;

use super::person::Person;

/// How often each is done, out of all.
const WEIGHTS: [(u64, Deed); 18] = [
    (14, Deed::Browse),
    (5, Deed::Search),
    (8, Deed::FillCart),
    (10, Deed::Order),
    (8, Deed::Purchase),
    (5, Deed::ListSomething),
    (5, Deed::EditSomething),
    (4, Deed::Restock),
    (2, Deed::Remove),
    (5, Deed::Deposit),
    (3, Deed::Withdraw),
    (5, Deed::ThinkAgain),
    (5, Deed::LookAtOwn),
    (6, Deed::SayOrWish),
    (3, Deed::BeSomebody),
    (5, Deed::Repeat),
    (7, Deed::Rubbish),
    (8, Deed::Work),
];

#[derive(Clone, Copy)]
enum Deed {
    Browse,
    Search,
    FillCart,
    Order,
    Purchase,
    ListSomething,
    EditSomething,
    Restock,
    Remove,
    Deposit,
    Withdraw,
    /// Cancels, returns, or pays again.
    ThinkAgain,
    LookAtOwn,
    SayOrWish,
    /// Sessions and profile.
    BeSomebody,
    Repeat,
    Rubbish,
    /// What staff do; of those who aren't, a try.
    Work,
}

/// Does anything, once.
pub async fn any(person: &mut Person) {
    match choose(person) {
        Deed::Browse => browsing::browse(person).await,
        Deed::Search => browsing::search(person).await,
        Deed::FillCart => buying::fill_cart(person).await,
        Deed::Order => buying::order(person).await,
        Deed::Purchase => buying::purchase(person).await,
        Deed::ListSomething => selling::list(person).await,
        Deed::EditSomething => selling::edit(person).await,
        Deed::Restock => selling::restock(person).await,
        Deed::Remove => selling::remove(person).await,
        Deed::Deposit => money::deposit(person).await,
        Deed::Withdraw => money::withdraw(person).await,
        Deed::ThinkAgain => buying::think_again(person).await,
        Deed::LookAtOwn => browsing::look_at_own(person).await,
        Deed::SayOrWish => opinions::say_or_wish(person).await,
        Deed::BeSomebody => mischief::be_somebody(person).await,
        Deed::Repeat => person.repeat().await,
        Deed::Rubbish => mischief::rubbish(person).await,
        Deed::Work => staff::work(person).await,
    }
}

fn choose(person: &mut Person) -> Deed {
    let sum: u64 = WEIGHTS.iter().map(|(weight, _)| weight).sum();
    let mut drawn = person.random.below(sum);
    for (weight, deed) in WEIGHTS {
        if drawn < weight {
            return deed;
        }
        drawn -= weight;
    }
    Deed::Browse // proof: what is drawn is below the sum of all weights
}
