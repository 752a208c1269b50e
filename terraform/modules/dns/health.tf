resource "aws_route53_health_check" "region" {
  for_each = local.regions

  type              = "HTTPS"
  fqdn              = "${each.key}.${var.domain}"
  port              = 443
  resource_path     = "/ready"
  request_interval  = 10
  failure_threshold = 3
  measure_latency   = true
  enable_sni        = true

  tags = { Name = "${var.name}-${each.key}" }
}

# Somebody answers: then there is somewhere to go.
resource "aws_route53_health_check" "any" {
  type                   = "CALCULATED"
  child_healthchecks     = [for check in aws_route53_health_check.region : check.id]
  child_health_threshold = 1

  tags = { Name = "${var.name}-any-region" }
}

# Two of three answer: then the global tier can decide.
resource "aws_route53_health_check" "quorum" {
  type                   = "CALCULATED"
  child_healthchecks     = [for check in aws_route53_health_check.region : check.id]
  child_health_threshold = 2

  tags = { Name = "${var.name}-quorum" }
}

locals {
  alarms = merge(
    {
      for region, check in aws_route53_health_check.region :
      region => { check = check.id, says = "${region} does not answer on /ready: clients go to the other regions." }
    },
    {
      quorum = {
        check = aws_route53_health_check.quorum.id
        says  = "Fewer than two regions answer on /ready: global locks may not be granted."
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "health" {
  for_each = local.alarms

  alarm_name          = "${var.name}-health-${each.key}"
  alarm_description   = each.value.says
  namespace           = "AWS/Route53"
  metric_name         = "HealthCheckStatus"
  dimensions          = { HealthCheckId = each.value.check }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = 1
  # No news of a health check is bad news.
  treat_missing_data = "breaching"
  alarm_actions      = var.alarm_topic_arns
  ok_actions         = var.alarm_topic_arns
}
