//! The house is in order: what `CONTRIBUTING.md` asks of a recipe holds for each finished one.

use std::io::Write as _;
use std::path::Path;

use cookbook::house;
use cookbook::workspace::Workspace;

fn workspace() -> Workspace {
    Workspace::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

#[test]
fn the_house_is_in_order() {
    let complaints = house::complaints(&workspace()).unwrap();
    assert!(
        complaints.is_empty(),
        "\n\n{} things are missing:\n\n- {}\n",
        complaints.len(),
        complaints.join("\n- ")
    );
}

#[test]
fn every_variant_compiles_from_the_files_its_header_names() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("variants");
    let (tried, complaints) = house::variants::compile(&workspace(), &scratch).unwrap();
    assert!(complaints.is_empty(), "\n\n{}", complaints.join("\n"));
    let variants = workspace().recipes().unwrap().into_iter().filter(|recipe| !recipe.draft);
    assert_eq!(tried, variants.map(|recipe| recipe.variants.len()).sum::<usize>());
    writeln!(std::io::stderr(), "COUNT house_variants_compiled={tried}").expect("stderr is open");
}
