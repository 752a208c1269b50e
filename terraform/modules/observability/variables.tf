variable "name" {
  description = "Prefix of every name, for example holdfast-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,20}$", var.name))
    error_message = "name is 3 to 21 characters of a-z, 0-9 and -, and begins with a letter."
  }
}

variable "pages" {
  description = "Who is woken: subscriptions of the topic page, by a name of your own."
  type = map(object({
    protocol = string
    endpoint = string
  }))
  default = {}

  validation {
    condition     = alltrue([for to in values(var.pages) : contains(["https", "email", "sqs", "lambda"], to.protocol)])
    error_message = "protocol of pages is https, email, sqs or lambda: plain http would show the alarms to everybody on the way."
  }
}

variable "notices" {
  description = "Who reads of it in the morning: subscriptions of the topic notice, by a name of your own."
  type = map(object({
    protocol = string
    endpoint = string
  }))
  default = {}

  validation {
    condition     = alltrue([for to in values(var.notices) : contains(["https", "email", "sqs", "lambda"], to.protocol)])
    error_message = "protocol of notices is https, email, sqs or lambda: plain http would show the alarms to everybody on the way."
  }
}

variable "kms_key_arn" {
  description = "Key of the topics; CloudWatch must be allowed to use it."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>: an alias or an id alone is refused by the services that use it."
  }
}

variable "load_balancer" {
  description = "The public load balancer and the target group of the routers, as CloudWatch names them (arn_suffix)."
  type = object({
    load_balancer = string
    target_group  = string
  })

  validation {
    condition     = startswith(var.load_balancer.load_balancer, "net/") && startswith(var.load_balancer.target_group, "targetgroup/")
    error_message = "load_balancer has the names that CloudWatch knows, net/… and targetgroup/…: an alarm on any other name never speaks."
  }
}

variable "routers_min" {
  description = "Fewer routers that answer than this are too few for the traffic of the region."
  type        = number
  default     = 2

  validation {
    condition     = var.routers_min >= 1 && floor(var.routers_min) == var.routers_min
    error_message = "routers_min is a whole number of at least 1: with 0 the alarm would never speak."
  }
}

variable "kafka" {
  description = "Name of the Kafka cluster and the number of its brokers; without one no alarm is made for it."
  type = object({
    cluster_name = string
    brokers      = number
  })
  default = null

  validation {
    condition     = var.kafka == null ? true : var.kafka.cluster_name != "" && var.kafka.brokers >= 1
    error_message = "kafka has the name of a cluster and at least one broker."
  }
}

variable "postgres_instance" {
  description = "Name of the Postgres instance, and the size in GB its volume begins with; without one no alarm is made for it."
  type = object({
    identifier = string
    volume_gb  = number
  })
  default = null

  validation {
    condition     = var.postgres_instance == null ? true : var.postgres_instance.identifier != "" && var.postgres_instance.volume_gb >= 20
    error_message = "postgres_instance has the name of an instance, and the size of its volume, at least 20 GB."
  }
}

variable "redis_nodes" {
  description = "Names of the nodes of the cache."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for node in var.redis_nodes : can(regex("^[a-z][a-z0-9-]*$", node))])
    error_message = "redis_nodes are names of nodes of ElastiCache, for example holdfast-prod-001."
  }
}
