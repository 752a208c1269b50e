# Route 53 tells of its health checks in us-east-1 alone, so the alarms and the archive lie there.
provider "aws" {
  region = "us-east-1"

  default_tags {
    tags = local.tags
  }
}

provider "aws" {
  alias  = "replica"
  region = var.archive.replica_region

  default_tags {
    tags = local.tags
  }
}

locals {
  name = "holdfast-${var.environment}"

  tags = {
    project     = "holdfast"
    environment = var.environment
    stack       = "global"
  }
}
