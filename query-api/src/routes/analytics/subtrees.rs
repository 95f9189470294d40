//! Sales of categories with all that is below them. What was sold belongs for ever to the category that its product had when it
//! was ordered; what is above that category is as the tree is now. So a category that moves takes its past along.

use std::collections::{BTreeMap, HashSet};

use events::ids::CategoryId;
use read_models::query::analytics::Rank;
use read_models::sales_figures::{Part, SalesFigures};
use read_models::sums::Sum;

use crate::category_tree::CategoryTree;

/// Adds each category's own figures to all above it; the largest come first. What is in no category stays by itself.
pub fn rolled_up(own: Vec<SalesFigures>, tree: &CategoryTree, rank: Rank) -> Vec<SalesFigures> {
    let mut sums = BTreeMap::<String, SalesFigures>::new();
    for figures in own {
        let mut above = values_up(&figures.key.part.value, tree);
        if above.is_empty() {
            above.push(figures.key.part.value.clone());
        }
        for value in above {
            let mut key = figures.key.clone();
            key.part = Part {
                value: value.clone(),
                ..key.part
            };
            let sum = sums.entry(value).or_insert_with(|| SalesFigures::none(key));
            sum.add(&figures, 1);
        }
    }
    let mut rows: Vec<_> = sums.into_values().collect();
    let figure = |row: &SalesFigures| match rank {
        Rank::Revenue => row.net_minor(),
        Rank::Units => row.net_units(),
    };
    // Stable, so that equal ones stay in the order of their ids.
    rows.sort_by_key(|row| std::cmp::Reverse(figure(row)));
    rows
}

/// Those of the rows that are below none of the others: together they have everything of all of them, once.
pub fn topmost<'r>(rows: &'r [SalesFigures], tree: &CategoryTree) -> impl Iterator<Item = &'r SalesFigures> {
    let shown: HashSet<_> = rows.iter().map(|row| row.key.part.value.clone()).collect();
    let covered = move |row: &&SalesFigures| {
        let above = values_up(&row.key.part.value, tree);
        above.iter().skip(1).any(|value| shown.contains(value))
    };
    rows.iter()
        .filter(move |row| !covered(row))
        .collect::<Vec<_>>()
        .into_iter()
}

/// The category and those above it; nothing if there is none.
fn values_up(value: &str, tree: &CategoryTree) -> Vec<String> {
    let Ok(id) = value.parse::<CategoryId>() else {
        return Vec::new();
    };
    tree.up_from(id).map(|category| category.id.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use events::money::Currency;
    use read_models::categories::Category;
    use read_models::periods::{Period, Unit};
    use read_models::sales_figures::{FiguresKey, Scope};
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> CategoryId {
        CategoryId(Uuid::from_u128(n))
    }

    fn own(category: Option<u128>, gross_minor: i64) -> SalesFigures {
        let mut figures = SalesFigures::none(FiguresKey {
            scope: Scope::Shop,
            part: Part::category(category.map(id)),
            currency: Currency::GBP,
            period: Period::of(Unit::All, NaiveDate::default()),
        });
        figures.gross_minor = gross_minor;
        figures
    }

    /// 1 ─ 2 ─ 3, and 4 beside 1.
    fn tree() -> CategoryTree {
        let category = |n, parent: Option<u128>| Category {
            id: id(n),
            parent: parent.map(id),
            ..Category::default()
        };
        CategoryTree::new(vec![
            category(1, None),
            category(2, Some(1)),
            category(3, Some(2)),
            category(4, None),
        ])
    }

    #[test]
    fn a_category_has_what_is_below_it_and_nothing_is_lost() {
        let tree = tree();
        let rows = rolled_up(
            vec![
                own(None, 7),
                own(Some(3), 10),
                own(Some(2), 1),
                own(Some(4), 5),
                own(Some(9), 2),
            ],
            &tree,
            Rank::Revenue,
        );
        let found: Vec<_> = rows
            .iter()
            .map(|row| (row.key.part.clone(), row.net_minor()))
            .collect();
        let part = |n| Part::category(Some(id(n)));
        assert_eq!(
            found,
            [
                (part(1), 11),
                (part(2), 11),
                (part(3), 10),
                (Part::category(None), 7),
                (part(4), 5),
                (part(9), 2)
            ]
        );
        let once: i64 = topmost(&rows, &tree).map(SalesFigures::net_minor).sum();
        assert_eq!(once, 25);
        let below: i64 = topmost(&rows[1..3], &tree).map(SalesFigures::net_minor).sum();
        assert_eq!(below, 11, "the child is in its parent");
    }
}
