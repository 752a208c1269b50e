# Names of this region, in the zone of the stack global, which leads to them without knowing what
# is behind. They lie in this region's state: a plan of the others needs nothing of it.
resource "aws_route53_record" "region" {
  zone_id = local.global.zone_id
  name    = "${var.region}.${var.domain}"
  type    = "A"

  # Answers of an alias end after 60 s, or with the health of its targets.
  alias {
    name                   = aws_lb.clients.dns_name
    zone_id                = aws_lb.clients.zone_id
    evaluate_target_health = true
  }
}

resource "aws_route53_record" "quorum" {
  zone_id = local.global.zone_id
  name    = "quorum.${var.region}.${var.domain}"
  type    = "A"

  alias {
    name                   = aws_lb.quorum.dns_name
    zone_id                = aws_lb.quorum.zone_id
    evaluate_target_health = true
  }
}

resource "aws_acm_certificate" "region" {
  domain_name       = "${var.region}.${var.domain}"
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "certificate" {
  zone_id         = local.global.zone_id
  name            = one(aws_acm_certificate.region.domain_validation_options).resource_record_name
  type            = one(aws_acm_certificate.region.domain_validation_options).resource_record_type
  records         = [one(aws_acm_certificate.region.domain_validation_options).resource_record_value]
  ttl             = 60
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "region" {
  certificate_arn         = aws_acm_certificate.region.arn
  validation_record_fqdns = [aws_route53_record.certificate.fqdn]
}
