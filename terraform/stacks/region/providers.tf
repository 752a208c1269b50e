# This region and no other: whatever happens elsewhere, this one can be planned and applied.
provider "aws" {
  region = var.region

  default_tags {
    tags = {
      project     = "holdfast"
      environment = var.environment
      stack       = var.region
    }
  }
}
