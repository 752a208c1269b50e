locals {
  # What AWS alone sees. What Holdfast tells of itself is in Prometheus, with alerts of its own.
  routers = {
    routers-too-few = {
      says      = "Fewer than ${var.routers_min} routers answer: this region cannot carry its traffic."
      page      = true
      namespace = "AWS/NetworkELB"
      metric    = "HealthyHostCount"
      statistic = "Minimum"
      compare   = "LessThanThreshold"
      threshold = var.routers_min
      periods   = 2
      missing   = "breaching"
      dimensions = {
        LoadBalancer = var.load_balancer.load_balancer
        TargetGroup  = var.load_balancer.target_group
      }
    }
    routers-some-down = {
      says      = "A router has not answered for ten minutes."
      page      = false
      namespace = "AWS/NetworkELB"
      metric    = "UnHealthyHostCount"
      statistic = "Minimum"
      compare   = "GreaterThanThreshold"
      threshold = 0
      periods   = 10
      missing   = "notBreaching"
      dimensions = {
        LoadBalancer = var.load_balancer.load_balancer
        TargetGroup  = var.load_balancer.target_group
      }
    }
  }

  kafka = var.kafka == null ? {} : merge(
    {
      kafka-offline-partitions = {
        says       = "Partitions have no leader: the journal cannot append, and etcd keeps the backlog."
        namespace  = "AWS/Kafka", metric = "OfflinePartitionsCount"
        statistic  = "Maximum", compare = "GreaterThanThreshold", threshold = 0
        page       = true, periods = 3, missing = "missing"
        dimensions = { "Cluster Name" = var.kafka.cluster_name }
      }
    },
    {
      for broker in range(1, var.kafka.brokers + 1) : "kafka-disk-${broker}" => {
        says       = "The disk of broker ${broker} is above 80 %: make volume_gb_max larger."
        namespace  = "AWS/Kafka", metric = "KafkaDataLogsDiskUsed"
        statistic  = "Maximum", compare = "GreaterThanThreshold", threshold = 80
        page       = false, periods = 15, missing = "missing"
        dimensions = { "Cluster Name" = var.kafka.cluster_name, "Broker ID" = tostring(broker) }
      }
    },
    {
      for broker in range(1, var.kafka.brokers + 1) : "kafka-copies-too-few-${broker}" => {
        says       = "Partitions of broker ${broker} have fewer copies than an append needs."
        namespace  = "AWS/Kafka", metric = "UnderMinIsrPartitionCount"
        statistic  = "Maximum", compare = "GreaterThanThreshold", threshold = 0
        page       = true, periods = 5, missing = "missing"
        dimensions = { "Cluster Name" = var.kafka.cluster_name, "Broker ID" = tostring(broker) }
      }
    },
  )

  postgres = var.postgres_instance == null ? {} : {
    for name, alarm in {
      postgres-storage = {
        says   = "The ledger's volume has less than a fifth of its first size left: make volume_gb_max larger."
        metric = "FreeStorageSpace", statistic = "Minimum", compare = "LessThanThreshold"
        # CloudWatch counts bytes.
        threshold = var.postgres_instance.volume_gb * 1024 * 1024 * 1024 / 5, page = true, periods = 5
      }
      postgres-cpu = {
        says      = "The ledger's processor is above 85 %: the record falls behind."
        metric    = "CPUUtilization", statistic = "Average", compare = "GreaterThanThreshold"
        threshold = 85, page = false, periods = 15
      }
      } : name => merge(alarm, {
        namespace  = "AWS/RDS", missing = "missing"
        dimensions = { DBInstanceIdentifier = var.postgres_instance.identifier }
    })
  }

  redis = merge([
    for node in var.redis_nodes : {
      "redis-memory-${node}" = {
        says       = "The cache ${node} is above 85 % of its memory: it forgets what is still asked for."
        namespace  = "AWS/ElastiCache", metric = "DatabaseMemoryUsagePercentage"
        statistic  = "Maximum", compare = "GreaterThanThreshold", threshold = 85
        page       = false, periods = 15, missing = "missing"
        dimensions = { CacheClusterId = node }
      }
    }
  ]...)

  alarms = merge(local.routers, local.kafka, local.postgres, local.redis)
}

resource "aws_sns_topic" "this" {
  for_each = toset(["page", "notice"])

  name              = "${var.name}-${each.key}"
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_subscription" "page" {
  for_each = var.pages

  topic_arn = aws_sns_topic.this["page"].arn
  protocol  = each.value.protocol
  endpoint  = each.value.endpoint
}

resource "aws_sns_topic_subscription" "notice" {
  for_each = var.notices

  topic_arn = aws_sns_topic.this["notice"].arn
  protocol  = each.value.protocol
  endpoint  = each.value.endpoint
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.says
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.compare
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.this[each.value.page ? "page" : "notice"].arn]
  ok_actions          = [aws_sns_topic.this[each.value.page ? "page" : "notice"].arn]
}
