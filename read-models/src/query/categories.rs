//! All categories. They are few: whoever wants a tree or a path makes it of them.

use sqlx::AnyConnection;

use super::statement::Statement;
use crate::categories::Category;
use crate::store::StoreError;

/// Every category, archived ones included, by name.
pub async fn categories(conn: &mut AnyConnection) -> Result<Vec<Category>, StoreError> {
    let mut statement = Statement::select::<Category>();
    statement.sql("1 = 1 ORDER BY name, id");
    statement.rows(conn).await
}
