variable "name" {
  description = "Prefix of every name, for example holdfast-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,20}$", var.name))
    error_message = "name is 3 to 21 characters of a-z, 0-9 and -, and begins with a letter."
  }
}

variable "domain" {
  description = "Domain of the installation. Clients are given locks.<domain>; <region>.<domain> is made by the stack of the region."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain is a DNS name in lower case without a dot at its end, for example holdfast.example.com."
  }
}

variable "weights" {
  description = "Share of the traffic that each of the three regions is built for, in percent."
  type        = map(number)

  validation {
    condition     = length(var.weights) == 3
    error_message = "weights names three regions: the global tier decides by two of three, and with two regions the loss of either one stops it."
  }

  validation {
    condition     = sum(values(var.weights)) == 100 && alltrue([for weight in values(var.weights) : weight > 0 && weight < 100])
    error_message = "weights are percents: each above 0, together 100. To take a region out of service use evacuated."
  }
}

variable "continents" {
  description = "Region for the clients of a continent (AF, AN, AS, EU, NA, OC, SA), whatever is nearest by latency. Everybody else goes to the nearest region."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for continent in keys(var.continents) : contains(["AF", "AN", "AS", "EU", "NA", "OC", "SA"], continent)])
    error_message = "continents are AF, AN, AS, EU, NA, OC and SA."
  }

  validation {
    condition     = alltrue([for region in values(var.continents) : contains(keys(var.weights), region)])
    error_message = "continents go to regions that weights has."
  }
}

variable "evacuated" {
  description = "Regions that clients are led away from, with the percent of them that goes elsewhere."
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for region in keys(var.evacuated) : contains(keys(var.weights), region)])
    error_message = "evacuated names only regions that weights has."
  }

  validation {
    condition     = alltrue([for percent in values(var.evacuated) : percent >= 0 && percent <= 100])
    error_message = "evacuated holds percents, 0 to 100."
  }

  validation {
    condition     = length([for percent in values(var.evacuated) : percent if percent == 100]) <= 1
    error_message = "only one region can be evacuated whole: what is left must be a majority of three."
  }
}

variable "ttl_seconds" {
  description = "How long a client may keep an answer."
  type        = number
  default     = 30

  validation {
    condition     = var.ttl_seconds >= 5 && var.ttl_seconds <= 60
    error_message = "ttl_seconds is 5 to 60: for so long clients go on to a region that is lost."
  }
}

variable "alarm_topic_arns" {
  description = "SNS topics in us-east-1 that alarms go to; Route 53 tells of its health checks there alone."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.alarm_topic_arns : can(regex("^arn:aws[a-z-]*:sns:us-east-1:[0-9]{12}:.+$", arn))])
    error_message = "alarm_topic_arns are ARNs of SNS topics in us-east-1: an alarm reaches topics of its own region alone."
  }
}
