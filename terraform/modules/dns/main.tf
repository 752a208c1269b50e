locals {
  regions = toset(keys(var.weights))
  away    = { for region in local.regions : region => lookup(var.evacuated, region, 0) }
}

resource "aws_route53_zone" "this" {
  # checkov:skip=CKV2_AWS_38:a router proves who it is by its certificate; signing is for the owner of the parent zone to begin
  # checkov:skip=CKV2_AWS_39:answers are the same for everybody and hold no secret
  name          = var.domain
  comment       = "Locks of ${var.name}"
  force_destroy = false
}

# The way of a client, every step within this zone:
#   locks.<domain>            by continent, everybody else to nearest
#   nearest.<domain>          by latency
#   entry-<region>.<domain>   at home, or away while the region is evacuated
#   shares.<domain>           by weight, over the regions that are in service
#   <region>.<domain>         the load balancer, of the region's own stack
# A record that nobody may be sent to by its health is passed over at each step, so a region that
# fails by itself is left without anybody's doing: an entry whose home does not answer falls to the
# record of weight 0, which is the one that leads away.
resource "aws_route53_record" "continent" {
  for_each = var.continents

  zone_id         = aws_route53_zone.this.zone_id
  name            = "locks.${var.domain}"
  type            = "CNAME"
  ttl             = var.ttl_seconds
  records         = ["entry-${each.value}.${var.domain}"]
  set_identifier  = each.key
  health_check_id = aws_route53_health_check.region[each.value].id

  geolocation_routing_policy {
    continent = each.key
  }
}

resource "aws_route53_record" "everybody_else" {
  zone_id         = aws_route53_zone.this.zone_id
  name            = "locks.${var.domain}"
  type            = "CNAME"
  ttl             = var.ttl_seconds
  records         = ["nearest.${var.domain}"]
  set_identifier  = "default"
  health_check_id = aws_route53_health_check.any.id

  geolocation_routing_policy {
    country = "*"
  }
}

resource "aws_route53_record" "nearest" {
  for_each = local.regions

  zone_id         = aws_route53_zone.this.zone_id
  name            = "nearest.${var.domain}"
  type            = "CNAME"
  ttl             = var.ttl_seconds
  records         = ["entry-${each.key}.${var.domain}"]
  set_identifier  = each.key
  health_check_id = aws_route53_health_check.region[each.key].id

  latency_routing_policy {
    region = each.key
  }
}

resource "aws_route53_record" "home" {
  for_each = local.regions

  zone_id         = aws_route53_zone.this.zone_id
  name            = "entry-${each.key}.${var.domain}"
  type            = "CNAME"
  ttl             = var.ttl_seconds
  records         = ["${each.key}.${var.domain}"]
  set_identifier  = "home"
  health_check_id = aws_route53_health_check.region[each.key].id

  weighted_routing_policy {
    weight = 100 - local.away[each.key]
  }
}

resource "aws_route53_record" "away" {
  for_each = local.regions

  zone_id         = aws_route53_zone.this.zone_id
  name            = "entry-${each.key}.${var.domain}"
  type            = "CNAME"
  ttl             = var.ttl_seconds
  records         = ["shares.${var.domain}"]
  set_identifier  = "away"
  health_check_id = aws_route53_health_check.any.id

  weighted_routing_policy {
    weight = local.away[each.key]
  }
}

resource "aws_route53_record" "share" {
  for_each = local.regions

  zone_id         = aws_route53_zone.this.zone_id
  name            = "shares.${var.domain}"
  type            = "CNAME"
  ttl             = var.ttl_seconds
  records         = ["${each.key}.${var.domain}"]
  set_identifier  = each.key
  health_check_id = aws_route53_health_check.region[each.key].id

  weighted_routing_policy {
    # Whoever is led away from a region must not be sent back to it.
    weight = local.away[each.key] > 0 ? 0 : var.weights[each.key]
  }
}
