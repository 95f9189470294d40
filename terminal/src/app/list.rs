//! A list that grows by pages, with a cursor in it.

use crate::api::documents::Page;

/// So many rows before the end the next page is asked for.
const AHEAD: usize = 10;
/// How many rows a page of the screen is taken for.
pub const LEAP: usize = 10;

pub struct List<T> {
    pub items: Vec<T>,
    pub row: usize,
    next: Option<String>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            items: vec![],
            row: 0,
            next: None,
        }
    }
}

impl<T> List<T> {
    pub fn chosen(&self) -> Option<&T> {
        self.items.get(self.row)
    }

    /// Takes in a page: the first one, or one more.
    pub fn take(&mut self, page: Page<T>, is_first: bool) {
        if is_first {
            self.items.clear();
            self.row = 0;
        }
        self.items.extend(page.items);
        self.next = page.next_cursor;
    }

    pub fn up(&mut self, rows: usize) {
        self.row = self.row.saturating_sub(rows);
    }

    /// Goes down; the cursor of the next page, once, when its rows will be needed.
    pub fn down(&mut self, rows: usize) -> Option<String> {
        self.row = (self.row + rows).min(self.items.len().saturating_sub(1));
        let is_near = self.row + AHEAD >= self.items.len();
        if is_near { self.next.take() } else { None }
    }
}
