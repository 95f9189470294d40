//! All categories. They are few: whoever wants a tree or a path makes it of them.

use sqlx::AnyConnection;

use super::statement::Statement;
use crate::categories::Category;
use crate::category_counts::CategoryCount;
use crate::store::StoreError;

/// Every category, archived ones included, by name.
pub async fn categories(conn: &mut AnyConnection) -> Result<Vec<Category>, StoreError> {
    let mut statement = Statement::select::<Category>();
    statement.sql("1 = 1 ORDER BY name, id");
    statement.rows(conn).await
}

/// How many products are on sale in each category itself; of a category without any there is no row.
pub async fn counts(conn: &mut AnyConnection) -> Result<Vec<CategoryCount>, StoreError> {
    let mut statement = Statement::select::<CategoryCount>();
    statement.sql("1 = 1 ORDER BY category");
    statement.rows(conn).await
}
