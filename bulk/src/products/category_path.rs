//! A place in the category tree as files name it: `garden/lights`.

/// A place in the category tree, from the top, by the names given in the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CategoryPath(Vec<String>);

impl CategoryPath {
    /// Reads `garden/lights`; `None` if a step is empty or has no letter or digit.
    pub fn parse(text: &str) -> Option<Self> {
        let steps: Vec<String> = text.split('/').map(|step| step.trim().to_owned()).collect();
        steps
            .iter()
            .all(|step| !slug(step).is_empty())
            .then_some(Self(steps))
    }

    /// Every path from the top down to this, with this last.
    pub fn ancestry(&self) -> impl Iterator<Item = Self> {
        (1..=self.0.len()).map(|depth| Self(self.0[..depth].to_vec()))
    }

    pub fn parent(&self) -> Option<Self> {
        let above = &self.0[..self.0.len() - 1]; // proof: `parse` gives at least one step
        (!above.is_empty()).then(|| Self(above.to_vec()))
    }

    /// The last step as the file has it.
    pub fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// The last step's slug.
    pub fn slug(&self) -> String {
        slug(self.name())
    }

    /// All the steps in one slug, for when the last step's alone belongs to another branch.
    pub fn long_slug(&self) -> String {
        self.0.iter().map(|step| slug(step)).collect::<Vec<_>>().join("-")
    }

    /// The slugs of all steps: what makes two paths the same.
    pub fn key(&self) -> String {
        self.0.iter().map(|step| slug(step)).collect::<Vec<_>>().join("/")
    }
}

/// Lower case letters and digits of ASCII, with single hyphens for everything between.
fn slug(text: &str) -> String {
    let lowered = text.to_ascii_lowercase();
    lowered
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_path_has_slugs_and_ancestors() {
        let path = CategoryPath::parse("Home & Garden / T-Lights").unwrap();
        assert_eq!(path.slug(), "t-lights");
        assert_eq!(path.long_slug(), "home-garden-t-lights");
        assert_eq!(path.key(), "home-garden/t-lights");
        assert_eq!(path.name(), "T-Lights");
        let names: Vec<String> = path.ancestry().map(|step| step.key()).collect();
        assert_eq!(names, ["home-garden", "home-garden/t-lights"]);
        assert_eq!(path.parent().unwrap().parent(), None);
        assert_eq!(CategoryPath::parse("a//b"), None);
        assert_eq!(CategoryPath::parse("&"), None);
    }
}
