output "page_topic_arn" {
  description = "Topic of what wakes somebody."
  value       = aws_sns_topic.this["page"].arn
}

output "notice_topic_arn" {
  description = "Topic of what is read in the morning."
  value       = aws_sns_topic.this["notice"].arn
}

output "stop_alarm_arn" {
  description = "Alarm that ends every experiment: too few routers answer."
  value       = aws_cloudwatch_metric_alarm.this["routers-too-few"].arn
}
