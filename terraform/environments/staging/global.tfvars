environment = "staging"
domain      = "staging.holdfast.example.com"

weights    = { us-east-1 = 40, us-west-2 = 30, eu-west-1 = 30 }
continents = { EU = "eu-west-1", AF = "eu-west-1" }
evacuated  = {}

archive = {
  replica_region = "us-west-2"
  retention_days = 90
  lock_mode      = "GOVERNANCE"
}

pages = {
  pagerduty = { protocol = "https", endpoint = "https://events.pagerduty.com/integration/example/enqueue" }
}
