//! Rows that belong together, such as an order's lines, put together: also if others lie between them.

use std::collections::{BTreeMap, HashMap};

/// Collects rows by key, and gives each group once its last row has come.
pub struct Grouping<'s, R> {
    sizes: &'s BTreeMap<String, u32>,
    open: HashMap<String, Vec<R>>,
}

impl<'s, R> Grouping<'s, R> {
    /// `sizes` is what [`count`] counted over the same rows.
    pub fn new(sizes: &'s BTreeMap<String, u32>) -> Self {
        Self {
            sizes,
            open: HashMap::new(),
        }
    }

    /// Adds a row; the whole group if this was its last one.
    pub fn add(&mut self, key: &str, row: R) -> Option<Vec<R>> {
        let size = self.sizes.get(key).map_or(1, |&size| size as usize);
        let rows = self
            .open
            .entry(key.to_owned())
            .or_insert_with(|| Vec::with_capacity(size));
        rows.push(row);
        if rows.len() < size {
            return None;
        }
        self.open.remove(key)
    }

    /// Groups whose last row never came, because the file changed between its two readings.
    pub fn into_rest(self) -> impl Iterator<Item = Vec<R>> {
        self.open.into_values()
    }
}

/// Counts one more row of this key.
pub fn count(sizes: &mut BTreeMap<String, u32>, key: &str) {
    match sizes.get_mut(key) {
        Some(size) => *size += 1,
        None => {
            sizes.insert(key.to_owned(), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_given_with_its_last_row_adjacent_or_not() {
        let keys = ["a", "a", "b", "a", "c"];
        let mut sizes = BTreeMap::new();
        for key in keys {
            count(&mut sizes, key);
        }
        let mut grouping = Grouping::new(&sizes);
        let given: Vec<Option<Vec<usize>>> =
            (0..).zip(keys).map(|(row, key)| grouping.add(key, row)).collect();
        assert_eq!(
            given,
            [None, None, Some(vec![2]), Some(vec![0, 1, 3]), Some(vec![4])]
        );
        assert_eq!(grouping.into_rest().count(), 0);
    }
}
