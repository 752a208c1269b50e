# What all regions of dev have in common; <region>.tfvars comes after it.
environment = "dev"
domain      = "dev.holdfast.example.com"
cidrs       = { us-east-1 = "10.10.0.0/16", us-west-2 = "10.20.0.0/16", eu-west-1 = "10.30.0.0/16" }
state       = { bucket = "example-holdfast-dev-states", region = "us-west-2" }

# All journals write to its brokers, and its auditor proves the global locks.
record_region = "us-east-1"

network = {
  nat                 = "single"
  interface_endpoints = []
  flow_log_days       = 30
}

cluster = {
  kubernetes_version = "1.35"
  admin_role_arns    = ["arn:aws:iam::123456789012:role/example-platform"]
  operator_cidrs     = ["10.200.0.0/16"]
  log_days           = 30

  pools = {
    services = { instance_types = ["m7i.large"], min = 1, max = 2 }
    etcd     = { instance_types = ["m7i.large"], min = 1, max = 1, taint = "etcd" }
  }
}

etcd = {
  shards        = 1
  members       = 3
  volume_gb     = 20
  volume_iops   = 3000
  volume_mbps   = 125
  snapshot_days = 7
}

redis = {
  node_type = "cache.t4g.micro"
  nodes     = 1
}

# Documentation addresses: replace them by those of your clients.
client_cidrs        = ["198.51.100.0/24"]
routers_min         = 1
deletion_protection = false

pages = {
  pagerduty = { protocol = "https", endpoint = "https://events.pagerduty.com/integration/example/enqueue" }
}
